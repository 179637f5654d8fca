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
      known = try resumes ? Self.passwords(in: file.text() ?? "") : [:]
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

  /// A quoted name may hold anything, ends of lines too.
  static func passwords(in text: String) throws -> [String: String] {
    var passwords: [String: String] = [:]
    for match in text.matches(
      of: /("(?:[^"]|"")*"|[^"\t\n][^\t\n]*)\t([A-Za-z0-9]+)\n/.matchingSemantics(.unicodeScalar))
    {
      let name = match.output.1
      let isQuoted = name.first == "\""
      let role = isQuoted ? name.dropFirst().dropLast().replacing("\"\"", with: "\"") : name
      passwords[String(role)] = String(match.output.2)
    }
    return passwords
  }
}
