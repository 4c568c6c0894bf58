import Glibc
import Rollbook
import Testing

/// A disk of a test's own, which is full soon.
final class SmallDisk {
  private let path: String
  /// Removed only when nothing is mounted in it any more.
  private let bench: Bench?

  /// Mounting is for root, and not everywhere even for root.
  static let isThere: Bool = {
    let path = newTestFolder()
    guard (try? Files.makeFolder(path)) != nil else { return false }
    defer { _ = unsafe rmdir(path) }
    return (try? SmallDisk(path, kilobytes: 64)) != nil
  }()

  init(_ path: String, kilobytes: Int, in bench: Bench? = nil) throws {
    self.path = path
    self.bench = bench
    guard
      unsafe system("mount -t tmpfs -o size=\(kilobytes)k rollbook-test '\(path)' 2>/dev/null") == 0
    else { throw Overdue(what: "a mounted disk") }
  }

  deinit { _ = unsafe system("umount -l '\(path)' 2>/dev/null") }
}
