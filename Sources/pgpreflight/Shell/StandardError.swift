import Foundation

/// Writes all of it, and nothing when there is nobody to read it any more.
func writeToStandardError(_ text: String) { write(text, to: .standardError) }

func writeToStandardOutput(_ text: String) { write(text, to: .standardOutput) }

private func write(_ text: String, to handle: FileHandle) {
  try? handle.write(contentsOf: Data(text.utf8))
}
