import Foundation

/// Writes all of it, and nothing when there is nobody to read it any more.
func writeToStandardError(_ text: String) { try? OutputFile.write(text, to: STDERR_FILENO) }

func writeToStandardOutput(_ text: String) { try? OutputFile.write(text, to: STDOUT_FILENO) }
