import Foundation
import TestSupport

/// What the executable takes, as it tells other programs (`--experimental-dump-help`).
struct CommandInterface: Decodable {
  struct Command: Decodable {
    var commandName: String
    var subcommands: [Command]?
    var arguments: [Argument]?

    func option(_ name: String) -> Argument? {
      arguments?.first { $0.names?.contains { $0.dashed == name } == true }
    }

    var positionals: [Argument] { (arguments ?? []).filter { $0.kind == "positional" } }
  }

  struct Argument: Decodable {
    struct Name: Decodable {
      var kind: String
      var name: String

      var dashed: String { (kind == "long" ? "--" : "-") + name }
    }
    var kind: String
    var names: [Name]?
    var allValues: [String]?
    var isOptional: Bool
    var abstract: String?
    var shouldDisplay: Bool
  }

  var command: Command

  static func ofExecutable() async throws -> CommandInterface {
    let output = try await run(arguments: ["--experimental-dump-help"])
    return try JSONDecoder().decode(CommandInterface.self, from: Data(output.stdout.utf8))
  }

  var optionNames: Set<String> {
    let commands = [command] + (command.subcommands ?? [])
    return Set(commands.flatMap { $0.arguments ?? [] }.flatMap { $0.names ?? [] }.map(\.dashed))
  }

  /// What is wrong with the arguments; nil where the executable would take them. Values in capital letters stand for
  /// something else, as in `explain RULE`.
  func mistake(in words: [String]) -> String? {
    var words = words[...]
    let subcommands = command.subcommands ?? []
    var chosen = subcommands.first { $0.commandName == "check" }
    if let first = words.first, let named = subcommands.first(where: { $0.commandName == first }) {
      chosen = named
      words.removeFirst()
    } else if words.first == "--generate-completion-script" {
      return ["bash", "zsh", "fish"].contains(words.dropFirst().first) ? nil : "no such shell"
    }
    guard let chosen else { return "there is no command" }
    if chosen.commandName == "help" { return nil }
    var positionals = 0
    while let word = words.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        positionals += 1
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard let option = chosen.option(parts[0]) else { return "\(chosen.commandName) has no option \(parts[0])" }
      if option.kind == "flag" { continue }
      guard let value = parts.count == 2 ? parts[1] : words.popFirst() else { return "\(parts[0]) has no value" }
      if let values = option.allValues, !values.contains(value), value != value.uppercased() {
        return "\(parts[0]) does not take \(value)"
      }
    }
    let needed = chosen.positionals.count { !$0.isOptional }
    return (needed...chosen.positionals.count).contains(positionals)
      ? nil : "\(chosen.commandName) takes \(chosen.positionals.count) arguments, not \(positionals)"
  }
}
