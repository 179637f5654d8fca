internal import CLibpq

/// The version of libpq that this program runs with: 150018 for 15.18.
public func libpqVersion() -> Int { Int(PQlibVersion()) }
