import FoundationEssentials
import Glibc

/// The user that servers run as: PostgreSQL and PgBouncer refuse to run as root.
struct ServerUser: Sendable {
  var id: uid_t
  var group: gid_t

  /// What a command begins with to run as that user.
  ///
  /// Not `PlatformOptions.userID`: Subprocess would call `setgroups` in a process forked from one with many threads, where
  /// glibc's may wait for a lock that a thread held which is not there any more (seen).
  var prefix: [String] {
    ["/usr/bin/setpriv", "--reuid=\(id)", "--regid=\(group)", "--clear-groups", "--"]
  }

  /// `nil` where the tests' own user will do.
  static let needed: Result<ServerUser?, TestSupportError> = {
    guard geteuid() == 0 else { return .success(nil) }
    guard let entry = getpwnam("postgres") else {
      return .failure(TestSupportError("a server can't run as root, and there is no user \"postgres\""))
    }
    return .success(ServerUser(id: entry.pointee.pw_uid, group: entry.pointee.pw_gid))
  }()
}

/// The folder of everything that this process starts.
///
/// Each process that the tests start has its working directory inside. A watchdog holds the reading end of a pipe whose
/// only writing end is in this process: when this process is gone, in whatever way, the kernel closes the pipe, and the
/// watchdog ends all processes that work in the folder and removes it.
struct Workspace: Sendable {
  let path: String

  private static let shared = Result { try Workspace() }

  static func current() throws -> Workspace {
    try shared.get()
  }

  /// Always under `/tmp`: a socket's path has at most 107 bytes.
  private init() throws {
    path = "/tmp/pgpreflight-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
    // The servers read what is written here.
    umask(0o022)
    // Others may pass through, since the servers may run as another user; the folders inside are private.
    guard mkdir(path, 0o711) == 0 else { throw TestSupportError("mkdir \(path): \(String(cString: strerror(errno)))") }
    try startWatchdog()
  }

  /// Makes a new folder that only its owner can enter.
  func makeFolder(named name: String, owner: ServerUser? = nil) throws -> String {
    let folder = "\(path)/\(name)-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
    guard mkdir(folder, 0o700) == 0, owner.map({ chown(folder, $0.id, $0.group) == 0 }) ?? true else {
      throw TestSupportError("mkdir \(folder): \(String(cString: strerror(errno)))")
    }
    return folder
  }

  private func startWatchdog() throws {
    // First a polite end, since servers remove their shared memory on their way out.
    let script = """
      trap '' HUP INT QUIT TERM
      read -r line
      for signal in QUIT KILL KILL; do
        for directory in /proc/[0-9]*/cwd; do
          case $(readlink "$directory") in
            "$1" | "$1"/*) pid=${directory#/proc/}; kill -s "$signal" "${pid%/cwd}" ;;
          esac
        done
        rm -rf -- "$1"
        sleep 1
      done
      """
    var ends: [Int32] = [-1, -1]
    // Closed on exec, or a child of the tests would keep the watchdog waiting.
    guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else {
      throw TestSupportError("pipe: \(String(cString: strerror(errno)))")
    }
    defer { close(ends[0]) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    // `swift test` waits until nobody holds its output.
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)

    // In a session of its own, out of reach of a terminal's Ctrl-C.
    let command = ["setsid", "sh", "-c", script, "watchdog", path]
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let status = posix_spawnp(&pid, "setsid", &actions, nil, &arguments, environ)
    guard status == 0 else { throw TestSupportError("posix_spawn: \(String(cString: strerror(status)))") }
  }
}

/// A TCP port of the loopback interface that nobody listens on, outside of the range from which the kernel takes the
/// ports of outgoing connections.
func freePort() throws -> Int {
  for _ in 0..<100 {
    let port = Int.random(in: 20_000..<32_000)
    if onLoopback(port, bind) { return port }
  }
  throw TestSupportError("no free port between 20000 and 32000")
}

/// Whether a connection to that port of the loopback interface succeeds.
func listens(on port: Int) -> Bool {
  onLoopback(port, connect)
}

private func onLoopback(_ port: Int, _ call: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32) -> Bool {
  let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(socket) }
  return onLoopback(port, socket, call)
}

func onLoopback(
  _ port: Int, _ socket: Int32, _ call: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32
) -> Bool {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      call(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}

/// Lets a few through at a time: many servers starting at once on few cores would run into each other's timeouts.
actor Gate {
  static let servers = Gate(width: 3)

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(width: Int) {
    free = width
  }

  nonisolated func pass<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
    await enter()
    do {
      let value = try await body()
      await leave()
      return value
    } catch {
      await leave()
      throw error
    }
  }

  private func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  private func leave() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}
