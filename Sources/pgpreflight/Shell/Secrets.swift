import Foundation
import Postgres

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Options whose value is a connection string.
private let connectionOptions: Set<String> = ["-s", "--source", "-t", "--target", "--rehearse-on"]

/// Options that hold no password, although their names say the word.
private let harmlessOptions: Set<String> = ["--role-passwords"]

private let concealed = "(a connection string)"

/// The arguments, with connection strings as they may be shown.
func redacted(_ arguments: [String]) -> [String] {
  var isValue = false
  var mayGoOn = false
  var isHarmless = false
  return arguments.map { argument in
    if isHarmless || harmlessOptions.contains(String(argument.prefix { $0 != "=" })) {
      isHarmless = !isHarmless && harmlessOptions.contains(argument)
      return argument
    }
    if isValue {
      (isValue, mayGoOn) = (false, mayLackItsEnd(argument))
      return shown(argument)
    }
    isValue = connectionOptions.contains(argument)
    if argument.hasPrefix("-"), let equals = argument.firstIndex(of: "=") {
      let (option, value) = (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
      let isConnection = connectionOptions.contains(option)
      mayGoOn = mayLackItsEnd(value)
      guard isConnection || looksLikeConnectionString(argument) else { return argument }
      guard !looksLikeConnectionString(option) else { return concealed }
      return "\(option)=\(shown(value))"
    }
    if looksLikeConnectionString(argument) {
      mayGoOn = mayLackItsEnd(argument)
      return shown(argument)
    }
    mayGoOn = mayGoOn && !argument.hasPrefix("-")
    return mayGoOn ? concealed : argument
  }
}

/// A message in which no argument that may hold a password stands as it was given.
func withoutConnectionStrings(_ message: String, arguments: [String]) -> String {
  var message = message
  func conceal(_ text: some StringProtocol, as replacement: String) {
    // A short word is a part of others; where a message cites it, it is in quotes.
    let (hidden, shown) = text.count < 8 ? ("'\(text)'", "'\(replacement)'") : (String(text), replacement)
    message = message.replacingOccurrences(of: hidden, with: shown)
  }
  for (argument, redacted) in zip(arguments, redacted(arguments)) where argument != redacted {
    conceal(argument, as: redacted)
    guard argument.hasPrefix("-"), let equals = argument.firstIndex(of: "=") else { continue }
    let value = String(argument[argument.index(after: equals)...])
    if !value.isEmpty { conceal(value, as: shown(value)) }
    if redacted == concealed { conceal(argument[..<equals], as: concealed) }
  }
  return message
}

private func looksLikeConnectionString(_ argument: String) -> Bool {
  argument.contains("://") || argument.contains("password")
}

/// Whether the words that follow may be parts of a password with spaces, whose quotes the shell has eaten.
private func mayLackItsEnd(_ argument: String) -> Bool {
  argument.contains("password") || argument.contains("://") && !argument.contains("@")
}

private func shown(_ connectionString: String) -> String {
  let string = try? ConnectionString(connectionString)
  return string.map { "\($0)" } ?? concealed
}

/// Overwrites the connection strings in the memory that the process list shows.
///
/// `CommandLine.arguments` is a copy that stays as it is. Source: proc(5), `/proc/pid/cmdline`.
func hideSecretsInProcessList() {
  let arguments = CommandLine.arguments
  for (index, shown) in redacted(arguments).enumerated() where shown != arguments[index] {
    guard let pointer = CommandLine.unsafeArgv[index] else { continue }
    let length = strlen(pointer)
    memset(pointer, 0, length)
    let bytes = Array(shown.utf8.prefix(length))
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { memcpy(pointer, base, bytes.count) }
    }
  }
}
