/// An end of the program with a status of the contract and a sentence for people.
struct Failure: Error, CustomStringConvertible {
  /// As in `sysexits.h`, the statuses that the contract names.
  enum Status: Int32 {
    case blocked = 1
    case usage = 64
    case software = 70
    case cannotCreate = 73
  }

  var status: Status
  var description: String

  static func usage(_ description: String) -> Failure { Failure(status: .usage, description: description) }
}
