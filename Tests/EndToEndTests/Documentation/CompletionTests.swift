import Foundation
import TestSupport
import Testing

/// What the shells themselves complete, with the scripts that the executable writes for them.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct CompletionTests {
  enum Shell: String, CaseIterable {
    case bash, zsh, fish

    var path: String { "/usr/bin/\(rawValue)" }
    var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }
  }

  private static let reports = Page.repository.appending(path: "fixtures/reports").path

  /// What is typed before a tab, and words that are offered then.
  static let typed: [(line: String, offers: [String])] = [
    ("pgpreflight ", ["check", "migrate", "cutover", "explain"]),
    ("pgpreflight check --accept", ["--accept-undetermined"]),
    ("pgpreflight check --method ", ["auto", "replication", "dump"]),
    ("pgpreflight check --fail-on ", ["blocker", "warning", "never"]),
    ("pgpreflight check --report ", ["html", "junit", "json", "sarif", "markdown", "github"]),
    ("pgpreflight check --accept-undetermined target-d", ["target-disk-space"]),
    ("pgpreflight explain wal-", ["wal-level-logical", "wal-senders-free"]),
    ("pgpreflight cutover --refresh ", ["before", "after", "never"]),
    ("pgpreflight rules --format ", ["table", "json", "markdown"]),
    ("pgpreflight render \(reports)/mon", ["\(reports)/monday.json"]),
    ("pgpreflight compare x.json \(reports)/today", ["\(reports)/today.json"]),
    ("pgpreflight check --report-dir \(reports.dropLast(2))", [reports]),
  ]

  @Test(arguments: Shell.allCases) func `the shell offers what can follow`(shell: Shell) async throws {
    guard shell.isInstalled else { return }
    let folder = try TemporaryFolder()
    let script = try await run(arguments: ["--generate-completion-script", shell.rawValue])
    #expect(script.status == .exited(0))
    // The names that the shells look for; README tells where they belong.
    let name = shell == .zsh ? "_pgpreflight" : shell == .fish ? "pgpreflight.fish" : "pgpreflight"
    try script.stdout.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
    let driver =
      switch shell {
      case .bash: Self.bash
      case .zsh: Self.zsh
      case .fish: Self.fish
      }
    try driver.write(toFile: folder.path + "/driver", atomically: true, encoding: .utf8)
    let options = shell == .bash ? ["--norc"] : shell == .zsh ? [] : ["--no-config"]
    let output = try await run(
      executable: shell.path, arguments: options + [folder.path + "/driver", folder.path] + Self.typed.map(\.line),
      environment: ["LC_ALL": "C.UTF-8", "TERM": "xterm", "HOME": folder.path], workingDirectory: folder.path)
    #expect(output.stderr == "", "\(shell)")
    let answers = output.stdout.split(separator: "\u{1}").map { String($0) }
    try #require(answers.count == Self.typed.count, "\(output.stdout)")
    for ((line, offers), answer) in zip(Self.typed, answers) {
      for word in offers {
        // zsh takes the folder that has been typed for granted.
        let name = word.split(separator: "/").last.map(String.init) ?? word
        #expect(answer.contains(name), "\(shell): \(line): \(answer)")
      }
    }
  }

  private static let bash = #"""
    source "$1/pgpreflight" || exit 1
    shift
    for line; do
      COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
      read -ra COMP_WORDS <<<"$line"
      [[ $line != *' ' ]] || COMP_WORDS+=('')
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      _pgpreflight pgpreflight "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\n' "${COMPREPLY[@]}"
      printf '\1'
    done
    """#

  private static let fish = #"""
    source $argv[1]/pgpreflight.fish
    for line in $argv[2..]
      complete -C $line
      printf '\1'
    end
    """#

  /// Types each line and a tab into an interactive shell, which notes what its completion adds.
  private static let zsh = #"""
    zmodload zsh/zpty
    folder=$1
    shift
    cat >"$folder/.zshrc" <<'END'
    PROMPT=
    fpath=($HOME $fpath)
    autoload -Uz compinit
    compinit -u -D
    compadd() {
      local -a added
      builtin compadd -O added "$@"
      print -rl -- $added >>"$HOME/added"
      builtin compadd "$@"
    }
    next-line() {
      print -n '\1' >>"$HOME/added"
      BUFFER=
    }
    zle -N next-line
    bindkey '^X' next-line
    END
    touch "$folder/added"
    zpty typist env ZDOTDIR="$folder" zsh -i
    for line; do zpty -n -w typist "$line"$'\t\x18'; done
    for ((waited = 0; waited < 600; waited += 1)); do
      while zpty -r -t typist shown; do :; done
      (($(tr -cd '\1' <"$folder/added" | wc -c) == $#)) && break
      sleep 0.05
    done
    zpty -d typist
    cat "$folder/added"
    """#
}
