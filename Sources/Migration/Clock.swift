import FoundationEssentials

/// The time, as reports tell it: RFC 3339, UTC.
func now() -> String { Date().ISO8601Format() }
