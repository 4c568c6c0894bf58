#if Server
internal import Rollbook

/// Where a server has the code of requests until it is in the artifact store: a folder of its own, since
/// several servers may work on one home.
///
/// What a server that died has left is removed by the next one: the system has freed its lock.
struct StagingFolder: ~Copyable {
  let path: String
  private let lock: FileLock

  init(in home: Home) throws(RollbookError) {
    path = "\(home.path)/incoming/\(GenerationToken.random())"
    do throws(RollbookError) {
      lock = try StagingFolder.make(path)
    } catch {
      throw error.ofHome()
    }
  }

  private static func make(_ path: String) throws(RollbookError) -> FileLock {
    let all = Files.parent(of: path)
    try Files.makeFolder(all)
    for name in try Files.names(in: all) where !name.hasSuffix(lockEnding) {
      let left = all + "/" + name
      guard let free = try FileLock.tryAcquire(left + lockEnding) else { continue }
      try? FileTree.remove(left)
      try? Files.removeFile(left + lockEnding)
      _ = consume free
    }
    guard let lock = try FileLock.tryAcquire(path + lockEnding) else {
      throw RollbookError(.system, "The new folder \(path) is locked.")
    }
    try Files.makeFolder(path)
    return lock
  }

  borrowing func remove() {
    try? FileTree.remove(path)
    try? Files.removeFile(path + StagingFolder.lockEnding)
  }

  private static let lockEnding = ".lock"
}
#endif
