import Catalog
import Postgres

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension CatalogSession {
  /// The free space for data: from the file system, where the data directory is on this host. Functions of extensions
  /// that tell it are named, not called: they are not the server's own.
  func freeSpace(of cluster: ClusterSnapshot, functions: [FreeSpaceFunction]) -> Fact<FreeSpace> {
    if let local = localFreeSpace(of: cluster) { return .known(local) }
    let unknown = "how much is free there can't be found out by SQL"
    guard let function = functions.first else {
      return .unknown(
        Undetermined(
          unknown,
          remedy: "Look it up in the service's console or on the host, and pass it with --target-free-space SIZE."))
    }
    return .unknown(
      Undetermined(
        "\(unknown) without calling the extension \(function.name)",
        remedy: "Run \(function.query) on the target, and pass what it shows with --target-free-space SIZE."))
  }

  /// The file system under the data directory, if that is on this host beyond doubt: the session does not leave the
  /// host, and the directory's `postmaster.pid` names this very server by port and start.
  private func localFreeSpace(of cluster: ClusterSnapshot) -> FreeSpace? {
    guard case .connected(let session) = cluster.connection, let server = cluster.server.ifKnown,
      session.isSocket || server.serverAddr.map(isLoopback) == true,
      let settings = cluster.settings.ifKnown,
      let directory = settings.first(where: { $0.name == "data_directory" })?.setting,
      let port = settings.first(where: { $0.name == "port" })?.setting,
      let lines = readLines(of: directory + "/postmaster.pid"), lines.count >= 4,
      lines[3] == port, let started = Int(lines[2]), let start = secondsSinceEpoch(server.postmasterStartTime),
      (start - 10...start + 10).contains(started)
    else { return nil }

    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    return FreeSpace(
      freeBytes: Int(clamping: UInt64(status.f_bavail) *| UInt64(status.f_frsize)),
      totalBytes: Int(clamping: UInt64(status.f_blocks) *| UInt64(status.f_frsize)),
      origin: "the file system of its data directory on this host")
  }
}

private func isLoopback(_ address: String) -> Bool { address.hasPrefix("127.") || address == "::1" }

/// Lines of a small file; nil where it can't be read. Source: storage file layout, `postmaster.pid`: process, data
/// directory, start as seconds since 1970, port, …
private func readLines(of path: String) -> [Substring]? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = fread(&bytes, 1, bytes.count, file)
  return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
}

/// Of a time such as `2026-09-14T07:42:18.123456Z`.
private func secondsSinceEpoch(_ time: String) -> Int? {
  let numbers = time.split { !$0.isNumber }.compactMap { Int($0) }
  guard numbers.count >= 6 else { return nil }
  var parts = tm()
  parts.tm_year = Int32(clamping: numbers[0] -| 1900)
  parts.tm_mon = Int32(clamping: numbers[1] -| 1)
  parts.tm_mday = Int32(clamping: numbers[2])
  parts.tm_hour = Int32(clamping: numbers[3])
  parts.tm_min = Int32(clamping: numbers[4])
  parts.tm_sec = Int32(clamping: numbers[5])
  return timegm(&parts)
}
