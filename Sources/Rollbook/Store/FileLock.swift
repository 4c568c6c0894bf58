internal import Glibc

/// A lock on a file, exclusive where nothing else is said, which the system frees when its holder goes, however it goes.
///
/// It is an open-file-description lock (fcntl(2)): it excludes other processes and other locks of
/// this process alike, closing another descriptor of the file does not lose it, and asking whether
/// it is held does not take it. The file is never removed: its inode is what is locked.
package struct FileLock: ~Copyable, Sendable {
  private let file: Descriptor
  private let path: String

  /// Takes the lock if it is free; nil while somebody holds it.
  ///
  /// - Throws: `system` where the file cannot be made or locked.
  package static func tryAcquire(_ path: String) throws(RollbookError) -> FileLock? {
    try acquire(path, kind: F_WRLCK, command: setLock)
  }

  /// Takes the lock beside others who share it; nil while somebody has it alone.
  ///
  /// - Throws: `system` where the file cannot be made or locked.
  package static func tryShare(_ path: String) throws(RollbookError) -> FileLock? {
    try acquire(path, kind: F_RDLCK, command: setLock)
  }

  /// Waits for the lock. It blocks its thread, so it is not called on Swift's own threads.
  ///
  /// - Throws: `system` where the file cannot be made or locked.
  package static func acquire(_ path: String) throws(RollbookError) -> FileLock {
    guard let lock = try acquire(path, kind: F_WRLCK, command: setLockWaiting) else {
      throw Files.failure("lock", path, EAGAIN)
    }
    return lock
  }

  /// Whether anybody holds the lock; false where there is no such file.
  package static func isHeld(_ path: String) throws(RollbookError) -> Bool {
    guard let file = try Files.openIfThere(path) else { return false }
    var request = wholeFile(F_WRLCK)
    let raw = file.raw
    guard retrying({ unsafe fcntl(raw, getLock, &request) }) == 0 else {
      throw Files.failure("look at the lock", path)
    }
    return request.l_type != Int16(F_UNLCK)
  }

  /// Replaces the file's text, by which the holder tells who it is. Best effort: the lock is what
  /// counts.
  package borrowing func write(_ text: String) {
    lseek(file.raw, 0, SEEK_SET)
    let bytes = Array(text.utf8)
    // Cut off afterwards: a file that is made empty and written anew has ext4 write it to the disk
    // when it is closed. Source: ext4(5), auto_da_alloc.
    guard (try? file.write(bytes, count: bytes.count, path: path)) != nil else { return }
    ftruncate(file.raw, off_t(bytes.count))
  }

  /// What the newest holder wrote; nil where nobody did.
  package static func read(_ path: String) -> String? {
    guard let bytes = try? Files.read(path, limit: 65536), !bytes.isEmpty else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func acquire(
    _ path: String, kind: Int32, command: Int32
  ) throws(RollbookError) -> FileLock? {
    let file = try Descriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW)
    var request = wholeFile(kind)
    let raw = file.raw
    if retrying({ unsafe fcntl(raw, command, &request) }) == 0 {
      return FileLock(file: file, path: path)
    }
    guard errno == EAGAIN || errno == EACCES else { throw Files.failure("lock", path) }
    return nil
  }

  private static func wholeFile(_ kind: Int32) -> flock {
    // The process id must be 0 for open-file-description locks.
    flock(l_type: Int16(kind), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }

  private init(file: consuming Descriptor, path: String) {
    self.file = file
    self.path = path
  }

  /// Gives the lock back by name: a child that is just being started holds a copy of the descriptor
  /// until it has become another program, and closing ours alone would leave it the lock.
  deinit {
    var request = FileLock.wholeFile(F_UNLCK)
    _ = unsafe fcntl(file.raw, setLock, &request)
  }
}

/// F_OFD_GETLK, F_OFD_SETLK and F_OFD_SETLKW, which the C library's module does not show.
private let getLock: Int32 = 36
private let setLock: Int32 = 37
private let setLockWaiting: Int32 = 38
