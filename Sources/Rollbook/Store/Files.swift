internal import Glibc

/// Small files and folders, by the system's calls. Folders are made 0700 and files 0600.
///
/// Every error is `system` and names the path and the system's text.
package enum Files {
  package static func failure(
    _ action: String, _ path: String, _ code: Int32 = errno
  ) -> RollbookError {
    RollbookError(
      .system, "cannot \(action) \(path): \(errorText(code))", systemError: code)
  }

  /// The system's words for an error number.
  package static func errorText(_ code: Int32) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let start = buffer.baseAddress else { return "error \(code)" }
      guard unsafe strerror_r(code, start, buffer.count) == 0 else { return "error \(code)" }
      return unsafe String(cString: start)
    }
  }

  /// Whether anything has this path; a link counts as itself.
  package static func exists(_ path: String) -> Bool {
    var facts = stat()
    return unsafe lstat(path, &facts) == 0
  }

  /// Whether a path is a file's; a link, a pipe or a device is none.
  package static func isFile(_ path: String) -> Bool {
    var facts = stat()
    return unsafe lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
  }

  package static func isFolder(_ path: String) -> Bool {
    var facts = stat()
    return unsafe lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
  }

  /// Makes a folder and those above it that are missing, durably; one that is there is no error.
  package static func makeFolder(_ path: String) throws(RollbookError) {
    if unsafe mkdir(path, 0o700) == 0 {
      DiskProbe.tell(.made, path)
      return try syncFolder(parent(of: path))
    }
    let code = errno
    if code == EEXIST && isFolderOrLinkToOne(path) { return }
    guard code == ENOENT, let slash = lastSlash(in: path), slash != path.startIndex else {
      throw failure("make the folder", path, code)
    }
    try makeFolder(String(path[..<slash]))
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw failure("make the folder", path)
    }
    DiskProbe.tell(.made, path)
    try syncFolder(parent(of: path))
  }

  private static func isFolderOrLinkToOne(_ path: String) -> Bool {
    var facts = stat()
    return unsafe stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
  }

  /// Makes durable which names a folder holds.
  package static func syncFolder(_ path: String) throws(RollbookError) {
    try Descriptor.open(path, O_RDONLY | O_DIRECTORY).sync(path: path)
  }

  /// Writes a file so that its path holds, after any crash, either all of the new text or what it
  /// held before.
  package static func write(_ bytes: [UInt8], to path: String) throws(RollbookError) {
    // The process id keeps two writers of the same file out of each other's bytes.
    let partial = "\(path).\(getpid()).tmp"
    do throws(RollbookError) {
      let file = try Descriptor.open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
      try file.write(bytes, count: bytes.count, path: partial)
      try file.sync(path: partial)
      try rename(partial, to: path)
    } catch {
      try? removeFile(partial)
      throw error
    }
    try syncFolder(parent(of: path))
  }

  /// Writes a file that may be lost in a crash.
  package static func writeUnsynced(_ bytes: [UInt8], to path: String) throws(RollbookError) {
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    try file.write(bytes, count: bytes.count, path: path)
  }

  /// Makes a folder that may be lost in a crash; its parent must be there.
  package static func makeFolderUnsynced(_ path: String) throws(RollbookError) {
    guard unsafe mkdir(path, 0o700) == 0 else { throw failure("make the folder", path) }
    DiskProbe.tell(.made, path)
  }

  /// The bytes that a file takes; 0 where there is none.
  package static func size(of path: String) -> Int64 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Lets the owner run a file.
  package static func makeExecutable(_ path: String) throws(RollbookError) {
    guard unsafe chmod(path, 0o700) == 0 else { throw failure("make executable", path) }
  }

  /// Whether the group or others may read a file.
  package static func isReadableByOthers(_ path: String) throws(RollbookError) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw failure("look at", path) }
    return status.st_mode & 0o077 != 0
  }

  /// The bytes of a file, at most `limit` of them; nil where there is none.
  package static func read(_ path: String, limit: Int = 16 << 20) throws(RollbookError) -> [UInt8]?
  {
    guard let file = try openIfThere(path) else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while bytes.count < limit {
      let count = try file.read(into: &buffer, path: path)
      if count == 0 { break }
      bytes += buffer.prefix(min(count, limit - bytes.count))
    }
    return bytes
  }

  /// Opens a file for reading; nil where there is none.
  package static func openIfThere(_ path: String) throws(RollbookError) -> Descriptor? {
    let raw = retrying { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC) }
    if raw >= 0 { return Descriptor(adopting: raw) }
    if errno == ENOENT { return nil }
    throw failure("open", path)
  }

  package static func rename(_ from: String, to path: String) throws(RollbookError) {
    if unsafe Glibc.rename(from, path) != 0 { throw failure("rename \(from) to", path) }
    DiskProbe.tell(.renamed(from: from), path)
  }

  /// Removes one file; none there is no error.
  package static func removeFile(_ path: String) throws(RollbookError) {
    if unsafe unlink(path) != 0 && errno != ENOENT { throw failure("remove", path) }
    DiskProbe.tell(.removed, path)
  }

  /// The names in a folder, ordered; none where there is no folder.
  package static func names(in path: String) throws(RollbookError) -> [String] {
    guard isFolder(path) else { return [] }
    return try TreeFolder.open(path).names().map { String(decoding: $0, as: UTF8.self) }
  }

  /// The path without links, `.` and `..`; nil where there is nothing.
  package static func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The folder that holds a path.
  package static func parent(of path: String) -> String {
    guard let slash = lastSlash(in: path) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path.
  package static func name(of path: String) -> String {
    String(path[(lastSlash(in: path).map(path.utf8.index(after:)) ?? path.startIndex)...])
  }

  /// What stands between a path's slashes.
  ///
  /// By its bytes, as the system takes it: to Swift, a slash and a mark that follows it are one
  /// character, which is no slash.
  package static func parts(of path: some StringProtocol) -> [String] {
    path.utf8.split(separator: slash, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether a path without links leads to what is below a folder.
  package static func isBelow(_ path: String, _ folder: String) -> Bool {
    let start = folder.utf8.last == slash ? Array(folder.utf8) : folder.utf8 + [slash]
    return path.utf8.count > start.count && path.utf8.starts(with: start)
  }

  private static let slash = UInt8(ascii: "/")

  private static func lastSlash(in path: String) -> String.Index? {
    path.utf8.lastIndex(of: slash)
  }
}
