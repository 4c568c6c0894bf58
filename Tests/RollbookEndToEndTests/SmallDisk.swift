#if CommandLine
import Foundation
import Glibc
import Testing

/// A small file system of its own, on which a stage has its home.
struct SmallDisk {
  let stage: Stage

  /// Whether one can be made here: that is root's right, and containers may not have it.
  static let canBeMade: Bool = {
    let folder = NSTemporaryDirectory() + "rollbook-mount-\(UUID().uuidString)"
    guard unsafe mkdir(folder, 0o700) == 0 else { return false }
    defer { _ = unsafe rmdir(folder) }
    guard unsafe mount("tmpfs", folder, "tmpfs", 0, "size=64k") == 0 else { return false }
    return unsafe umount2(folder, Int32(MNT_DETACH)) == 0
  }()

  init(_ stage: Stage) async throws {
    self.stage = stage
    try FileManager.default.createDirectory(
      atPath: stage.home, withIntermediateDirectories: true)
    guard unsafe mount("tmpfs", stage.home, "tmpfs", 0, "size=3m,mode=700") == 0 else {
      throw CannotMount(errorNumber: errno)
    }
  }

  /// Runs a part of a test, and takes the disk away however that ends.
  func use(_ body: () async throws -> Void) async throws {
    defer { _ = unsafe umount2(stage.home, Int32(MNT_DETACH)) }
    try await body()
  }

  private var filler: String { stage.home + "/filler" }

  /// Leaves not a byte.
  func fill() {
    let block = [UInt8](repeating: 0x66, count: 4096)
    let file = unsafe open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    #expect(file >= 0)
    defer { close(file) }
    while true {
      let written = unsafe block.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
      if written <= 0 { break }
    }
    #expect(errno == ENOSPC)
  }

  func free() throws { try stage.remove(filler) }

  /// From now on it may only be read.
  func protect() {
    let flags = UInt(MS_REMOUNT) | UInt(MS_RDONLY)
    #expect(unsafe mount("tmpfs", stage.home, "tmpfs", flags, nil) == 0)
  }
}

private struct CannotMount: Error {
  let errorNumber: Int32
}
#endif
