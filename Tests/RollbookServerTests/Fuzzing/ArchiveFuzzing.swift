#if Server
import Glibc
import Rollbook

@testable import RollbookServer

/// An archive is refused, or unpacked into its folder: nowhere else, as plain files and folders that
/// nobody else may read.
enum ArchiveFuzzing {
  /// In memory, where there is such a disk.
  private static let place =
    (Files.isFolder("/dev/shm") ? "/dev/shm" : "/tmp") + "/rollbook-fuzz-\(getpid())"

  static func check(_ bytes: [UInt8]) throws {
    // Each in a folder of its own, so that what leads out of the archive's is found.
    let own = "\(place)-\(UInt64.random(in: .min ... .max))"
    try Files.makeFolderUnsynced(own)
    defer { try? FileTree.remove(own) }
    // Several folders down, so that several ways up are seen.
    let folders = ["a", "b", "c", "d", "archive"]
    var inner = own
    for name in folders.dropLast() {
      inner += "/" + name
      try Files.makeFolderUnsynced(inner)
    }
    do throws(RollbookError) {
      try ZipArchive(bytes).unpack(into: inner + "/archive")
    } catch {
      // A name that is too long in all, or that the file system does not take, is the archive's fault.
      try require(
        error.code == .invalidArgument || error.systemError == ENAMETOOLONG, "refused as \(error)")
    }
    var folder = own
    for expected in folders {
      let made = try Files.names(in: folder)
      try require(made.allSatisfy { $0 == expected }, "beside its folder it made \(made)")
      folder += "/" + expected
    }
    if Files.isFolder(folder) { try checkTree(folder) }
  }

  private static func checkTree(_ folder: String) throws {
    for name in try Files.names(in: folder) {
      let path = "\(folder)/\(name)"
      var facts = stat()
      try require(unsafe lstat(path, &facts) == 0, "\(path) is not there")
      try require(facts.st_mode & 0o077 == 0, "others may read \(path)")
      switch facts.st_mode & S_IFMT {
      case S_IFDIR: try checkTree(path)
      case S_IFREG: break
      default: throw Finding("\(path) is neither a file nor a folder")
      }
    }
  }
}
#endif
