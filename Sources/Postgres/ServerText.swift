internal import Glibc

// Texts of servers as strings, byte for byte.
//
// A database of the encoding SQL_ASCII holds any bytes, also in names and definitions, and what is read there goes back
// to a server: no byte of it must change on the way. A byte that is no part of UTF-8 becomes a character for private
// use, U+10FE80 for 0x80 to U+10FEFF for 0xFF, and that byte again when it is sent. Where a server itself sends one of
// these characters, its bytes are taken one by one.

private let bytesOfNoText: UInt32 = 0x10FE00

/// The byte that a character stands for; nil for every other one.
public func byteOfNoText(_ scalar: Unicode.Scalar) -> UInt8? {
  (bytesOfNoText + 0x80...bytesOfNoText + 0xFF).contains(scalar.value) ? UInt8(scalar.value - bytesOfNoText) : nil
}

extension String {
  /// Text that a server, or a program of its, has sent.
  public init(serverText bytes: UnsafeBufferPointer<UInt8>) {
    // All characters that are set apart begin with this byte.
    if !bytes.contains(0xF4), let text = String(validating: bytes, as: UTF8.self) {
      self = text
      return
    }
    var scalars = String.UnicodeScalarView()
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var place = 0
    while true {
      let length: Int
      var scalar: Unicode.Scalar?
      switch parser.parseScalar(from: &rest) {
      case .emptyInput:
        self.init(scalars)
        return
      case .valid(let encoded):
        length = encoded.count
        scalar = Unicode.UTF8.decode(encoded)
      case .error(let count): length = count
      }
      if let scalar, byteOfNoText(scalar) == nil {
        scalars.append(scalar)
      } else {
        for byte in bytes[place..<place + length] {
          if let scalar = Unicode.Scalar(bytesOfNoText + UInt32(byte)) { scalars.append(scalar) }
        }
      }
      place += length
    }
  }

  public init(serverText bytes: [UInt8]) {
    self = bytes.withUnsafeBufferPointer { String(serverText: $0) }
  }

  init(serverText start: UnsafePointer<CChar>) {
    let length = strlen(start)
    self = start.withMemoryRebound(to: UInt8.self, capacity: length) {
      String(serverText: UnsafeBufferPointer(start: $0, count: length))
    }
  }

  /// As it is sent to a server, or given to a program of its.
  public var serverBytes: [UInt8] {
    guard utf8.contains(0xF4) else { return Array(utf8) }
    var bytes: [UInt8] = []
    for scalar in unicodeScalars {
      if let byte = byteOfNoText(scalar) { bytes.append(byte) } else { bytes += String(scalar).utf8 }
    }
    return bytes
  }

  /// The same for C.
  var serverCString: [CChar] {
    guard utf8.contains(0xF4) else { return Array(utf8CString) }
    return serverBytes.map { CChar(bitPattern: $0) } + [0]
  }
}
