import Catalog
import Postgres

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension CatalogSession {
  /// The free space for data: from the file system, where the data directory is on this host, else from what an
  /// extension of the server tells. Nothing is installed to find out.
  func freeSpace(of cluster: ClusterSnapshot, functions: [FreeSpaceFunction]) async throws -> Fact<FreeSpace> {
    if let local = localFreeSpace(of: cluster) { return .known(local) }
    let dataDirectory = cluster.settings.ifKnown?.first { $0.name == "data_directory" }?.setting
    for function in functions {
      if let free = try await askForFreeSpace(function, dataDirectory: dataDirectory) { return .known(free) }
    }
    return .unknown(
      Undetermined(
        "how much is free there can't be found out by SQL",
        remedy: "Look it up in the service's console or on the host, and tell it with --target-free-space SIZE."))
  }

  private func askForFreeSpace(_ function: FreeSpaceFunction, dataDirectory: String?) async throws -> FreeSpace? {
    let schema = try await quote(identifier: function.schema)
    let sql: String
    switch function.name {
    case "pgnodemx":
      sql = """
        SELECT '/' AS mount_point, available_bytes::bigint AS free_bytes, total_bytes::bigint AS total_bytes
          FROM \(schema).fsinfo(current_setting('data_directory'))
        """
    case "system_stats":
      // It lists every file system; without the data directory there is no telling which one counts.
      guard dataDirectory != nil else { return nil }
      sql = """
        SELECT mount_point, free_space::bigint AS free_bytes, total_space::bigint AS total_bytes
          FROM \(schema).pg_sys_disk_info()
        """
    case "citus":
      sql = """
        SELECT '/' AS mount_point, available_disk_size::bigint AS free_bytes, total_disk_size::bigint AS total_bytes
          FROM pg_catalog.citus_local_disk_space_stats()
        """
    default:
      return nil
    }
    struct FileSystem: Decodable {
      var mountPoint: String
      var freeBytes: Int
      var totalBytes: Int
    }
    let query = CatalogQuery(subject: FreeSpaceFunction.subject, statement: Statement(sql))
    guard case .success(let rows) = try await run([query])[0],
      let fileSystems = try? rows.decode(FileSystem.self)
    else { return nil }
    let path = dataDirectory ?? "/"
    let holding = fileSystems.filter { $0.mountPoint.holds(path) }
    return holding.max { $0.mountPoint.utf8.count < $1.mountPoint.utf8.count }.map { fileSystem in
      FreeSpace(
        freeBytes: fileSystem.freeBytes, totalBytes: fileSystem.totalBytes,
        origin: "the extension \(function.name) on the target")
    }
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

extension String {
  fileprivate func holds(_ path: String) -> Bool {
    self == "/" || path == self || path.hasPrefix(hasSuffix("/") ? self : self + "/")
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
