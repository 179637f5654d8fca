internal import CLibcrypto

/// `sha256:` and the hexadecimal digest of the bytes.
public func sha256(_ bytes: [UInt8]) -> String {
  var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
  _ = SHA256(bytes, bytes.count, &digest)
  let hexadecimal = digest.map { byte in
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
  }
  return "sha256:" + hexadecimal.joined()
}
