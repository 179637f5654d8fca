import Postgres

/// The form in which rows go from one database to the other, so that each value arrives as what it is on the source.
///
/// Text goes in the target's encoding: the source's server converts it, as it does for logical replication, where the
/// target's server asks for its own encoding (`libpqrcv_connect` of libpqwalreceiver.c). So both ways give the same, and a
/// comparison finds what they gave. With SQL_ASCII on either side nothing is converted, and the target verifies what it
/// gets, unless it is SQL_ASCII itself (PostgreSQL documentation, "Automatic Character Set Conversion Between Server and
/// Client").
struct RowFormat: Sendable, Equatable {
  /// The target's.
  let encoding: String
  /// Whether text may go in binary form: it is in the encoding of the sessions then, whatever COPY is told (`textsend` and
  /// `textrecv` of varlena.c).
  let hasBinaryText: Bool
  /// Whether a text that one session has sent is the same text for the other one.
  let sharesText: Bool

  func isBinary(_ table: SourceTable) -> Bool { table.isBinary && (hasBinaryText || !table.hasText) }

  /// For COPY.
  func options(isBinary: Bool, more: String = "") -> String {
    "(FORMAT \(isBinary ? "binary" : "text"), ENCODING \(Quoting.literal(encoding))\(more))"
  }
}

extension RowFormat {
  /// Between the databases of two sessions.
  init(from source: Session, to target: Session) {
    let session = target.clientEncoding
    let sharesText = source.clientEncoding == session
    self.init(
      encoding: target.encoding, hasBinaryText: sharesText && [target.encoding, "SQL_ASCII"].contains(session),
      sharesText: sharesText)
  }
}
