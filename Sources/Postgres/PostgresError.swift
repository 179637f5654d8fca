internal import CLibpq

/// An error of a statement: the server's words, or libpq's where the connection failed.
///
/// The fields are those of the protocol (PostgreSQL documentation, "Error and Notice Message Fields"), of each no more
/// than `longestServerText`.
public struct PostgresError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
  /// Five characters (appendix "PostgreSQL Error Codes"); nil where the error is not the server's.
  public var sqlstate: String?
  /// `ERROR`, `FATAL` or `PANIC`, in English whatever the server's language.
  public var severity: String
  /// The primary message, in the server's language.
  public var message: String
  public var detail: String?
  public var hint: String?
  /// The character of the statement, from 1, where the error is.
  public var position: Int?
  /// Whether the connection is gone with it: nothing more can be asked over it.
  public var isConnectionLost: Bool
  /// Whether a function of a user has raised it, whose words may show anything, rows too.
  var isRaised = false

  public init(
    sqlstate: String? = nil, severity: String = "ERROR", message: String, detail: String? = nil,
    hint: String? = nil, position: Int? = nil, isConnectionLost: Bool = false
  ) {
    self.sqlstate = sqlstate
    self.severity = severity
    self.message = message
    self.detail = detail
    self.hint = hint
    self.position = position
    self.isConnectionLost = isConnectionLost
  }

  /// One line: `ERROR 42501: permission denied for table orders`.
  public var description: String {
    let detail = publicDetail.map { " (\(oneLine($0)))" } ?? ""
    return "\(severity)\(sqlstate.map { " \($0)" } ?? ""): \(oneLine(message))\(detail)"
  }

  /// For a sentence: `permission denied for table orders (SQLSTATE 42501)`.
  public var messageWithCode: String { message + (sqlstate.map { " (SQLSTATE \($0))" } ?? "") }

  init(result: OpaquePointer, isConnectionLost: Bool) {
    let fields = DiagnosticFields(result: result)
    let severity = fields.severity ?? "ERROR"
    self.init(
      sqlstate: fields.sqlstate, severity: severity,
      message: fields.message ?? firstLine(of: String(bounded: PQresultErrorMessage(result))),
      detail: fields.detail, hint: fields.hint, position: fields.position.flatMap { Int($0) },
      isConnectionLost: isConnectionLost || severity == "FATAL" || severity == "PANIC")
    isRaised = fields.isRaised
  }

  /// libpq's own error, which it gives no fields for.
  static func lost(_ message: String) -> PostgresError {
    PostgresError(
      severity: "FATAL", message: message.isEmpty ? "the connection was lost" : message, isConnectionLost: true)
  }
}

/// A message of the server beside a statement's result: `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`.
public struct Notice: Sendable, Equatable {
  public var severity: String
  public var sqlstate: String?
  public var message: String
  public var detail: String?
  public var hint: String?

  init(result: OpaquePointer) {
    let fields = DiagnosticFields(result: result)
    severity = fields.severity ?? "NOTICE"
    sqlstate = fields.sqlstate
    message = fields.message ?? firstLine(of: String(bounded: PQresultErrorMessage(result)))
    detail = fields.detail
    hint = fields.hint
  }
}

private struct DiagnosticFields {
  var severity, sqlstate, message, detail, hint, position: String?
  var isRaised: Bool

  init(result: OpaquePointer) {
    func field(_ code: Character) -> String? {
      PQresultErrorField(result, code.asciiValue.map(Int32.init) ?? 0).map { String(bounded: $0) }
    }
    // The codes are macros of postgres_ext.h, of character constants; "V" is the severity that is never translated.
    severity = field("V") ?? field("S")
    sqlstate = field("C")
    message = field("M")
    detail = field("D")
    hint = field("H")
    position = field("P")
    // The routine of the server that it comes from: those in which its procedural languages raise what a function says.
    isRaised =
      ["exec_stmt_raise", "PLy_output", "PLy_elog_impl", "do_util_elog", "pltcl_elog"].contains(field("R"))
  }
}

func firstLine(of text: String) -> String {
  text.split(whereSeparator: \.isNewline).first.map { String($0).trimmingSpaces() } ?? ""
}

func oneLine(_ text: String) -> String {
  text.split(whereSeparator: \.isNewline).map { String($0).trimmingSpaces() }.joined(separator: " ")
}

extension StringProtocol {
  func trimmingSpaces() -> String {
    let start = drop(while: \.isWhitespace)
    guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...end])
  }
}
