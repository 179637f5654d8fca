import Foundation
import Postgres

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Options whose value is a connection string.
private let connectionOptions: Set<String> = ["-s", "--source", "-t", "--target"]

/// The arguments, with connection strings as they may be shown.
func redacted(_ arguments: [String]) -> [String] {
  var isValue = false
  return arguments.map { argument in
    if isValue {
      isValue = false
      return shown(argument)
    }
    isValue = connectionOptions.contains(argument)
    if let equals = argument.firstIndex(of: "="), connectionOptions.contains(String(argument[..<equals])) {
      return argument[...equals] + shown(String(argument[argument.index(after: equals)...]))
    }
    return looksLikeConnectionString(argument) ? shown(argument) : argument
  }
}

/// A message in which no argument that may hold a password stands as it was given.
func withoutConnectionStrings(_ message: String, arguments: [String]) -> String {
  zip(arguments, redacted(arguments)).reduce(message) { message, pair in
    pair.0 == pair.1 || pair.0.isEmpty ? message : message.replacingOccurrences(of: pair.0, with: pair.1)
  }
}

private func looksLikeConnectionString(_ argument: String) -> Bool {
  argument.contains("://") || argument.contains("password")
}

private func shown(_ connectionString: String) -> String {
  (try? ConnectionString(connectionString)).map { "\($0)" } ?? "(a connection string)"
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
