import CFuzzer
import Foundation
import FuzzTargets

/// The target that `PGPREFLIGHT_FUZZ_TARGET` names.
enum Chosen {
  static let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["PGPREFLIGHT_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.named(name) else {
      FileHandle.standardError.write(Data("there is no target \(name)\n".utf8))
      exit(64)
    }
    return target
  }()
}

/// The same changes for the same seed: libFuzzer gives one for each.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// JSON is mostly changed by its structure: of bytes that were changed at random, hardly any come past a parser.
@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32) -> Int {
  guard Chosen.target.isJSON, seed % 16 != 0 else { return LLVMFuzzerMutate(data, size, maximum) }
  var generator = SeededGenerator(state: UInt64(seed))
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let changed = mutatedJSON(bytes, longest: maximum, using: &generator), changed.count <= maximum else {
    return LLVMFuzzerMutate(data, size, maximum)
  }
  changed.withUnsafeBufferPointer { source in
    if let base = source.baseAddress { data.update(from: base, count: source.count) }
  }
  return changed.count
}

switch CommandLine.arguments.dropFirst().first {
case "--list":
  for target in FuzzTarget.all {
    print(target.name, target.longest, target.seeds.joined(separator: ","), separator: "\t")
  }
default:
  _ = Chosen.target
  var count = CommandLine.argc
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
  exit(
    LLVMFuzzerRunDriver(&count, &arguments) { data, size in
      do {
        try Chosen.target.run(Array(UnsafeBufferPointer(start: data, count: size)))
      } catch {
        FileHandle.standardError.write(Data("malformed: \(error)\n".utf8))
        abort()
      }
      return 0
    })
}
