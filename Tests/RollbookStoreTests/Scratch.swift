import Glibc
import Rollbook
import Testing

/// A folder of a test's own, removed when the test ends.
final class Scratch: Sendable {
  let path: String

  init() throws {
    path = "/tmp/rollbook-test-\(GenerationToken.random())"
    try Files.makeFolder(path)
  }

  deinit { try? FileTree.remove(path) }

  /// Writes a file, making the folders above it.
  @discardableResult
  func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
    let file = "\(path)/\(name)"
    try Files.makeFolder(Files.parent(of: file))
    try Files.write(Array(text.utf8), to: file)
    _ = unsafe chmod(file, mode)
    return file
  }

  func link(_ name: String, to text: String) throws {
    try Files.makeFolder(Files.parent(of: "\(path)/\(name)"))
    try #require(unsafe symlink(text, "\(path)/\(name)") == 0)
  }

  func mode(_ name: String) -> mode_t {
    var facts = stat()
    _ = unsafe lstat("\(path)/\(name)", &facts)
    return facts.st_mode & 0o7777
  }

  func text(_ name: String) throws -> String? {
    try Files.read("\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
  }
}
