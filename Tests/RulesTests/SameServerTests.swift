import Testing

@testable import Catalog
@testable import Rules

@Suite struct SameServerTests {
  /// Both are of one lineage.
  private var related: Situation {
    var situation = Situation()
    situation.target.control = situation.source.control
    return situation
  }

  private func conclusion(of situation: Situation) throws -> Conclusion { try situation.decide("not-same-server") }

  @Test func `different identifiers are different clusters`() throws {
    #expect(try conclusion(of: Situation()).isPassed)
  }

  @Test func `one start time is one server, whatever may be read`() throws {
    var situation = related
    situation.target.server = situation.source.server
    #expect(try conclusion(of: situation).message.contains("one and the same"))
    situation.target.control = .missing
    #expect(try conclusion(of: situation).message.contains("one and the same"))
    situation.source.control = .missing
    #expect(try conclusion(of: situation).message.contains("one and the same"))
  }

  @Test func `start times prove nothing about a saved snapshot`() throws {
    var situation = related
    situation.options.savedSides = [.source]
    situation.target.control = .missing
    #expect(throws: Undetermined.self) { try conclusion(of: situation) }
    // A loopback address is every host's.
    for (address, isSame) in [("127.0.0.1", false), ("::1", false), ("10.0.0.9", true)] {
      situation.source.server.change { $0.serverAddr = address }
      situation.target.server.change { $0.serverAddr = address }
      if isSame {
        #expect(try conclusion(of: situation).message.contains("seen at different times"))
      } else {
        #expect(throws: Undetermined.self) { try conclusion(of: situation) }
      }
    }
    situation.target.server.change { $0.serverPort = 5433 }
    #expect(throws: Undetermined.self) { try conclusion(of: situation) }
    situation.target.set("data_directory", "/data/source")
    #expect(try conclusion(of: situation).isFailed)
    situation.target.databases.change { $0[0].oid += 1 }
    #expect(throws: Undetermined.self) { try conclusion(of: situation) }
    situation.options.savedSides = []
    #expect(try conclusion(of: situation).isPassed)
  }

  @Test func `one start time and different identifiers are a coincidence`() throws {
    var situation = Situation()
    situation.target.server = situation.source.server
    #expect(try conclusion(of: situation).isPassed)
  }

  @Test func `a standby as target`() throws {
    var situation = related
    situation.target.server.change { $0.inRecovery = true }
    #expect(try conclusion(of: situation).message.contains("physical standby"))
    #expect(try conclusion(of: situation).severity == nil)
  }

  @Test func `a standby as source`() throws {
    var situation = related
    situation.source.server.change {
      $0.inRecovery = true
      $0.walFileTimeline = nil
    }
    #expect(try conclusion(of: situation).message.contains("the primary that the source follows"))
    situation.target.server.change { $0.walFileTimeline = "00000002" }
    #expect(try conclusion(of: situation).message.contains("promoted copy of the cluster that the source follows"))
  }

  @Test func `a promoted copy is a warning, by the timeline in use`() throws {
    var situation = related
    // The control data are those of the last checkpoint, and it may not have come yet.
    situation.target.server.change { $0.walFileTimeline = "00000002" }
    #expect(try conclusion(of: situation).severity == .warning)
    situation.target.server.change { $0.walFileTimeline = nil }
    situation.target.control.change { $0.timelineId = 2 }
    #expect(try conclusion(of: situation).severity == .warning)
    situation.target.server.change { $0.walFileTimeline = "0000000A" }
    situation.source.server.change { $0.walFileTimeline = "0000000A" }
    #expect(try conclusion(of: situation).severity == nil)
  }

  @Test func `a server that restarted between the looks`() throws {
    var situation = related
    situation.target.server.change { $0.serverAddr = "10.0.0.1" }
    #expect(try conclusion(of: situation).message.contains("restarted between the two looks"))
    situation.target.server.change { $0.serverAddr = nil }
    situation.target.set("data_directory", "/data/source")
    #expect(try conclusion(of: situation).message.contains("restarted between the two looks"))
  }

  @Test func `a raw copy`() throws {
    #expect(try conclusion(of: related).message.contains("raw copy"))
    // Two sockets, and directories that may not be read, are no sign of one place.
    var situation = related
    for keyPath in [\Situation.source, \Situation.target] {
      situation[keyPath: keyPath].server.change {
        $0.serverAddr = nil
        $0.serverPort = nil
      }
      situation[keyPath: keyPath].set("data_directory", nil)
    }
    #expect(try conclusion(of: situation).message.contains("raw copy"))
  }

  @Test func `without an identifier the start times decide`() throws {
    var situation = Situation()
    situation.source.control = .missing
    #expect(try conclusion(of: situation).message.contains("by their start times only"))
  }

  @Test func `without the server's answer nothing is known`() {
    var situation = Situation()
    situation.target.server = .missing
    #expect(throws: Undetermined.self) { try conclusion(of: situation) }
  }
}
