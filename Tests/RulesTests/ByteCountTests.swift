import Catalog
import Testing

@Suite struct ByteCounts {
  @Test(arguments: [
    (0, "0 bytes"), (1, "1 byte"), (812, "812 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (1500, "1.5 kB"),
    (99_949, "99.9 kB"), (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (38_600_000_000, "38.6 GB"),
    (214_000_000_000, "214 GB"), (1_100_000_000_000, "1.10 TB"), (9_995_000_000_000, "10.0 TB"),
    (999_600_000_000_000, "1.00 PB"), (.max, "9223 PB"), (-1500, "-1.5 kB"),
  ])
  func areReadAsPeopleDo(bytes: Int, words: String) { #expect(formattedBytes(bytes) == words) }

  @Test(arguments: [
    ("123", 123), ("10 bytes", 10), ("12kB", 12_000), ("80mb", 80_000_000), ("500GB", 500_000_000_000),
    ("1.1 TB", 1_100_000_000_000), ("1.5TiB", 1_649_267_441_664), ("9.3PB", 9_300_000_000_000_000),
    ("1.9999999999999999999999PB", 1_999_999_999_999_999), ("9223372036854775807", Int.max),
  ])
  func areUnderstood(text: String, bytes: Int) { #expect(parseByteCount(text) == bytes) }

  @Test(arguments: [
    "", "GB", "-5", "+5", "1e12", "1.", ".5GB", "1..5GB", "1.5", "1 G", " 1GB", "1GB ", "9223372036854775808",
    "8192PiB",
    "0x10", "٣GB",
  ])
  func areRefused(text: String) { #expect(parseByteCount(text) == nil) }
}
