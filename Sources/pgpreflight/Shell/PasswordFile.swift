import Catalog

/// The file of `--role-passwords`: each line a role, quoted as in SQL where it must be, a tab, and its random password.
struct PasswordFile: Sendable {
  private let file: OutputFile
  /// By role, of the run that is gone on with.
  private let known: [String: String]

  /// - Parameter resumes: whether the file of an interrupted run is gone on with; else there must be none, as what
  ///   stands there may be all that is left of those passwords.
  /// - Throws: `Failure`.
  init(path: String, resumes: Bool) throws {
    file = OutputFile(path: path, mode: 0o600)
    do {
      known = resumes ? Self.passwords(in: try file.text() ?? "") : [:]
    } catch {
      throw Failure(status: .cannotCreate, description: "the passwords in \(path) can't be read: \(error)")
    }
    try file.prepareForSecrets(replaces: resumes)
  }

  /// Makes sure of a password for each role, on disk: those of the earlier run stay what they are.
  func keep(_ roles: [String]) throws -> [String: String] {
    guard !roles.isEmpty else { return [:] }
    var passwords = known
    for role in roles where passwords[role] == nil { passwords[role] = Self.randomPassword() }
    let lines = passwords.sorted { $0.key < $1.key }.map { "\(quotedIdentifier($0.key))\t\($0.value)\n" }
    do {
      try file.write(lines.joined())
    } catch {
      throw Failure(
        status: .cannotCreate, description: "the roles' new passwords can't be written to \(file.path): \(error)")
    }
    return passwords
  }

  /// 24 letters and digits of the system's generator are 142 bits.
  private static func randomPassword() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    var generator = SystemRandomNumberGenerator()
    return String((0..<24).compactMap { _ in alphabet.randomElement(using: &generator) })
  }

  /// A quoted name may hold anything, ends of lines too. What is no such line is passed over.
  static func passwords(in text: String) -> [String: String] {
    var passwords: [String: String] = [:]
    var rest = Substring(text).unicodeScalars
    while !rest.isEmpty {
      let line = rest
      if let name = takeName(from: &rest), rest.popFirst() == "\t" {
        let password = rest.prefix { $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) }
        rest = rest.dropFirst(password.count)
        if !password.isEmpty, rest.popFirst() == "\n" {
          passwords[name] = String(password)
          continue
        }
      }
      rest = line.drop { $0 != "\n" }.dropFirst()
    }
    return passwords
  }

  /// nil where there is none, or a quote is not closed.
  private static func takeName(from rest: inout Substring.UnicodeScalarView) -> String? {
    guard rest.first == "\"" else {
      let name = rest.prefix { $0 != "\t" && $0 != "\n" }
      rest = rest.dropFirst(name.count)
      return name.isEmpty ? nil : String(name)
    }
    rest.removeFirst()
    var name = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar == "\"" {
        guard rest.first == "\"" else { return String(name) }
        rest.removeFirst()
      }
      name.append(scalar)
    }
    return nil
  }
}
