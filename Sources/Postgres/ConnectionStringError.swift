/// What is wrong with a connection string, told without any value of it.
///
/// libpq's own message can echo a part of a password (`invalid percent-encoded token: "…"`), so it is never passed on.
public struct ConnectionStringError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One line, fit for the user.
  public let description: String

  init(_ problem: String) { description = "invalid connection string: \(problem)" }

  /// Translates libpq's `message` about `text`.
  init(libpq message: String, parsing text: String) {
    let problems = [
      ("missing \"=\" after", "\"=\" is missing after a keyword (a value with spaces must be in single quotes)"),
      ("unterminated quoted string", "a quoted value has no closing quote"),
      ("percent-encoded token", "a \"%\" is not followed by two hexadecimal digits (write a \"%\" itself as %25)"),
      ("forbidden value %00", "%00 stands for NUL, which no parameter can contain"),
      ("unexpected spaces", "it contains spaces, which must be written as %20 in a URI"),
      ("in IPv6 host address", "the \"]\" of an IPv6 address is missing"),
      ("IPv6 host address may not be empty", "the IPv6 address between the brackets is empty"),
      ("unexpected character", "something other than \":\" or \"/\" follows the host"),
      ("extra key/value separator", "a parameter after the \"?\" has more than one \"=\""),
      ("missing key/value separator", "a parameter after the \"?\" has no \"=\""),
      ("URI query parameter", "a parameter after the \"?\" is unknown"),
      ("invalid connection option", "a keyword is unknown"),
      ("out of memory", "memory is exhausted"),
    ]
    let problem = problems.first { message.contains($0.0) }?.1 ?? "libpq can't parse it"
    let keyword = message.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first
    guard problem.hasSuffix("unknown"), let keyword, mayBeShown(keyword, of: text) else {
      self.init(problem)
      return
    }
    self.init("unknown parameter \"\(keyword)\"")
  }

  /// Finds an `@` that ends the password too early, which would make a host, or worse a shown one, of its rest.
  init?(unescapedSignIn text: String) {
    guard let address = uriAddress(text), let end = address.firstIndex(where: { $0 == "?" || $0 == "@" }),
      address[end] == "@"
    else { return nil }
    self.init("an \"@\", \"/\" or \":\" in the user's name or password must be percent-encoded (%40, %2F, %3A)")
  }
}

/// What follows the credentials of a URI, as libpq finds their end; nil where `text` is no URI.
///
/// By scalars: with a combining mark after it, an `@` would be no `@` among characters.
private func uriAddress(_ text: String) -> Substring.UnicodeScalarView? {
  let schemes = ["postgres://", "postgresql://"]
  guard let scheme = schemes.first(where: { text.unicodeScalars.starts(with: $0.unicodeScalars) }) else { return nil }
  let rest = text.unicodeScalars.dropFirst(scheme.unicodeScalars.count)
  guard let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" else { return rest }
  return rest[rest.index(after: end)...]
}

/// A keyword may be a piece of a password whose special characters were not quoted.
private func mayBeShown(_ keyword: Substring, of text: String) -> Bool {
  guard keyword.utf8.count <= 40, keyword.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }),
    keyword.first?.isNumber == false
  else { return false }
  if let address = uriAddress(text) { return !address.contains("@") }
  return !text.lowercased().contains("pass")
}
