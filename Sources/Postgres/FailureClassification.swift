extension ConnectionFailure {
  /// Understands libpq's verbose error message of a failed attempt.
  ///
  /// The SQLSTATE comes first: it does not depend on the server's language. libpq's own messages are English, because
  /// this process never calls `setlocale`.
  init(libpq raw: String, host: String?, port: String?, address: String?, secrets: Secrets) {
    let attempts = Attempt.all(in: raw)
    // After TLS libpq may have tried without (or the other way round): "no entry without encryption" says less than
    // why the first one failed.
    let attempt =
      attempts.first { $0.server.map { $0.kind != .hostBasedAuthentication } ?? false }
      ?? attempts.first { $0.server != nil } ?? attempts.last ?? Attempt(lines: [])
    self.init(
      kind: attempt.server?.kind ?? Kind(libpq: attempt.withoutAddress, socket: host.map(isSocket) ?? false),
      sqlstate: attempt.server?.sqlstate, message: secrets.removed(from: attempt.message).bounded(),
      host: host, port: port, address: address)
  }
}

/// Values that must not be printed.
struct Secrets {
  var passwords: Set<String>

  init(_ passwords: [String?]) { self.passwords = Set(passwords.compactMap { $0 }.filter { !$0.isEmpty }) }

  /// Replaces each password that stands by itself: a short one may be a part of ordinary words.
  func removed(from text: String) -> String {
    var text = text
    for password in passwords {
      var rest = text[...]
      var cleaned = ""
      while let found = rest.firstOccurrence(of: password) {
        let before = rest[..<found.lowerBound].last ?? cleaned.last
        let after = rest[found.upperBound...].first
        let isWord = [before, after].contains { $0.map { $0.isLetter || $0.isNumber } ?? false }
        cleaned += rest[..<found.lowerBound] + (isWord ? password : "***")
        rest = rest[found.upperBound...]
      }
      text = cleaned + rest
    }
    return text
  }
}

extension Substring {
  fileprivate func firstOccurrence(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}

/// One of libpq's attempts on one host: with TLS, without, …
private struct Attempt {
  struct ServerError {
    var sqlstate, message: String
    var detail, routine: String?
  }

  var server: ServerError?
  var text: String

  /// Since 14 libpq begins every attempt of a message with "connection to server"; before, there is only one.
  static func all(in raw: String) -> [Attempt] {
    var attempts: [[String]] = []
    for line in raw.split(whereSeparator: \.isNewline).map({ $0.trimmingSpaces() }) where !line.isEmpty {
      if attempts.isEmpty || line.hasPrefix("connection to server ") { attempts.append([]) }
      attempts[attempts.count - 1].append(line)
    }
    return attempts.map(Attempt.init)
  }

  init(lines: [String]) {
    text = lines.joined(separator: "\n")
    for line in lines {
      if server == nil, let (sqlstate, message) = serverError(in: line) {
        server = ServerError(sqlstate: sqlstate, message: message)
      } else if line.hasPrefix("DETAIL:") {
        server?.detail = line.dropFirst(7).trimmingSpaces()
      } else if line.hasPrefix("LOCATION:") {
        server?.routine = line.dropFirst(9).prefix { $0 != "," }.trimmingSpaces()
      }
    }
  }

  /// The server's words, or libpq's first line without the address, which has fields of its own.
  var message: String {
    // Of what a trigger of a login raises, the detail may show anything.
    if let server { return server.message + (server.publicDetail.map { " (\($0))" } ?? "") }
    let line = firstLine(of: withoutAddress)
    return line.isEmpty ? "the connection failed" : line
  }

  /// Without `connection to server at "…" (…), port … failed: `.
  var withoutAddress: String {
    guard text.hasPrefix("connection to server "), let range = text[...].firstOccurrence(of: " failed: ") else {
      return text
    }
    return String(text[range.upperBound...])
  }
}

/// `FATAL:  28P01: password authentication failed`: libpq prints it so when it is verbose.
private func serverError(in line: String) -> (sqlstate: String, message: String)? {
  let parts = line.split(separator: ":", omittingEmptySubsequences: false)
  for index in parts.indices.dropFirst() where index + 1 < parts.endIndex {
    let code = parts[index].trimmingSpaces()
    // Without a digit it is the severity.
    guard parts[index].hasPrefix(" "), code.utf8.count == 5, code.utf8.allSatisfy(isSQLStateCharacter),
      code.contains(where: \.isNumber)
    else { continue }
    return (code, parts[(index + 1)...].joined(separator: ":").trimmingSpaces())
  }
  return nil
}

private func isSQLStateCharacter(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
}

extension Attempt.ServerError {
  var publicDetail: String? { PostgresError(sqlstate: sqlstate, message: message, detail: detail).publicDetail }

  var kind: ConnectionFailure.Kind {
    switch sqlstate {
    case "28P01": .authentication
    case "28000": authorization
    case "3D000": .noSuchDatabase
    case "42501", "55000": .notPermitted
    case "53300": .tooManyConnections
    case "57P03": .startingUp
    case "57P01", "57P02": .lost
    case "42704", "22023", "0A000": .unsupportedStartupOption
    case "08P01": pooler
    default: .other
    }
  }

  /// One code for several troubles. A message may be translated, but not a file's name or the routine that raised it.
  private var authorization: ConnectionFailure.Kind {
    if message.contains("pg_hba.conf") { return .hostBasedAuthentication }
    if message.contains("not permitted to log in") { return .notPermitted }
    return message.contains("does not exist") || routine == "InitializeSessionUserId" ? .noSuchRole : .authentication
  }

  /// PgBouncer and its kin report all their troubles as a protocol violation, and pass on the server's words as such.
  private var pooler: ConnectionFailure.Kind {
    let text = message.lowercased()
    if text.contains("startup parameter") { return .unsupportedStartupOption }
    let isMissing = text.contains("does not exist")
    if text.contains("no such database") || isMissing && text.hasPrefix("database") { return .noSuchDatabase }
    if text.contains("no such user") || isMissing && text.hasPrefix("role") { return .noSuchRole }
    if text.contains("no more connections") { return .tooManyConnections }
    if text.contains("auth") || text.contains("password") { return .authentication }
    return text.contains("ssl") || text.contains("tls") ? .tls : .other
  }
}

extension ConnectionFailure.Kind {
  /// By libpq's words (13 to 18) or the operating system's.
  fileprivate init(libpq text: String, socket: Bool) {
    let table: [(Self, [String])] = [
      (.nameResolution, ["could not translate host name"]),
      (
        .notPostgres,
        [
          "received invalid response to SSL negotiation", "expected authentication request from server",
          "received invalid response to GSSAPI negotiation", "received unencrypted data after",
          "received invalid authentication request", "received invalid protocol negotiation",
          "unsupported frontend protocol",
        ]
      ),
      (.lost, ["SSL SYSCALL error: EOF", "SSL SYSCALL error: Connection reset"]),
      (.tls, ["SSL", "TLS", "certificate", "private key"]),
      (
        .authentication,
        [
          "no password supplied", "authentication method", "SCRAM", "channel binding", "SASL", "GSSAPI",
          "authentication requirement", "client supplied", "password retrieved from file",
        ]
      ),
      (.timeout, ["timeout expired", "Connection timed out", "timed out"]),
      (.refused, ["Connection refused"]),
      (
        .networkUnreachable,
        [
          "Network is unreachable", "No route to host", "Network is down", "Host is down",
          "Cannot assign requested address", "Address family not supported",
        ]
      ),
      (
        .lost,
        [
          "server closed the connection unexpectedly", "Connection reset by peer", "could not receive data",
          "could not send", "Broken pipe",
        ]
      ),
    ]
    if socket, text.contains("No such file or directory") || text.contains("Not a directory") {
      self = .socketMissing
    } else if socket, text.contains("Permission denied") {
      self = .notPermitted
    } else {
      self = table.first { $0.1.contains { text.contains($0) } }?.0 ?? .other
    }
  }
}
