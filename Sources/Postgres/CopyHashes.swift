internal import CLibpq

/// Hashes of the rows of a COPY, for which no more than one row is held, as libpq holds it.
extension Connection {
  /// The hashes of the next rows. They are of this process only: the hash has another seed in each.
  ///
  /// - Parameters:
  ///   - isBinary: as the statement asked for; else text.
  ///   - ignoresPadding: whether spaces at the end of a value in text form count for nothing.
  ///   - size: bytes that are waited for, except at the end; a long row makes it more.
  /// - Returns: nil after the last row; maybe none.
  public func readCopyHashes(
    isBinary: Bool, ignoresPadding: Bool = false, atLeast size: Int
  ) async throws -> [UInt64]? {
    try await exchange { try $0.readCopyHashes(isBinary, ignoresPadding, atLeast: size) }
  }
}

extension Exchange {
  fileprivate func readCopyHashes(
    _ isBinary: Bool, _ ignoresPadding: Bool, atLeast size: Int
  ) throws -> [UInt64]? {
    if handle.hasCopiedAll { return nil }
    var hashes: [UInt64] = []
    var taken = 0
    while taken < size {
      guard let row = try nextCopyRow() else { return hashes.isEmpty ? nil : hashes }
      defer { PQfreemem(UnsafeMutableRawPointer(mutating: row.baseAddress)) }
      switch (isBinary, ignoresPadding) {
      case (true, _): hashBinary(row, into: &hashes)
      case (false, false): hashText(row, into: &hashes)
      case (false, true): withoutPadding(row).withUnsafeBytes { hashText($0, into: &hashes) }
      }
      taken += row.count
    }
    return hashes
  }
}

private func hashText(_ bytes: UnsafeRawBufferPointer, into hashes: inout [UInt64]) {
  var start = 0
  // A line feed within a value is written as `\n`.
  for end in bytes.indices where bytes[end] == UInt8(ascii: "\n") {
    hashes.append(hashed(bytes[start..<end]))
    start = end + 1
  }
}

private func withoutPadding(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
  var kept: [UInt8] = []
  kept.reserveCapacity(bytes.count)
  for byte in bytes {
    // Within a value both are written as letters after a backslash.
    if byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") {
      while kept.last == UInt8(ascii: " ") { kept.removeLast() }
    }
    kept.append(byte)
  }
  return kept
}

/// Rows of PostgreSQL's binary format: a number of fields in 2 bytes, and of each its length in 4 and its bytes
/// (PostgreSQL documentation, "COPY", Binary Format).
private func hashBinary(_ bytes: UnsafeRawBufferPointer, into hashes: inout [UInt64]) {
  var place = 0
  func integer(_ count: Int) -> Int? {
    guard count <= bytes.count - place else { return nil }
    return bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
  }
  // Before the first row there are a signature, flags, and an extension of so many bytes. No row begins like that: it
  // would have 20,551 fields.
  if bytes.starts(with: Array("PGCOPY".utf8)) {
    place = 15
    guard let extra = integer(4) else { return }
    place += 4 + extra
  }
  while let fields = integer(2), fields != 0xFFFF {
    let start = place
    place += 2
    for _ in 0..<fields {
      guard let length = integer(4) else { return }
      place += 4 + (length == 0xFFFF_FFFF ? 0 : length)
    }
    guard place <= bytes.count else { return }
    hashes.append(hashed(bytes[start..<place]))
  }
}

private func hashed(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt64 {
  var hasher = Hasher()
  hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes))
  return UInt64(bitPattern: Int64(hasher.finalize()))
}
