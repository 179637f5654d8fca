import Postgres

/// A name that a server has quoted, or a list of them, as this program quotes it on both sides, whatever words the server
/// knows: names are compared, and are sent to the other server.
@propertyWrapper
struct QuotedName<Value: Requotable>: Decodable, Sendable, Equatable {
  var wrappedValue: Value

  init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

  init(from decoder: any Decoder) throws { wrappedValue = try Value(from: decoder).requoted }
}

protocol Requotable: Decodable, Sendable, Equatable {
  var requoted: Self { get }
}

extension String: Requotable {
  var requoted: String { Quoting.requoted(self) }
}

extension Array: Requotable where Element: Requotable {
  var requoted: [Element] { map(\.requoted) }
}

extension Optional: Requotable where Wrapped: Requotable {
  var requoted: Wrapped? { map(\.requoted) }
}

extension Rows {
  /// The names of a column that the server has quoted, less NULLs.
  func names(_ column: Int = 0) -> [String] { (0..<count).compactMap { text($0, column).map(Quoting.requoted) } }
}
