internal import Glibc

/// Copies, digests and removes a file, or a folder with all that is in it.
///
/// Links are never followed: those that stay within the tree are kept as links, others are refused,
/// and so are devices. Copies are private: folders 0700, files 0600, executable ones 0700.
public enum FileTree {
  /// How much a tree holds, and what.
  public struct Facts: Sendable, Equatable, Codable {
    /// The bytes of all files.
    public let size: Int64
    /// See `facts(of:)`.
    public let digest: String
  }

  /// What becomes of sockets and pipes in a tree that is copied.
  public enum Endpoints: Sendable {
    /// They are left out: a program that is started again makes its own.
    case skipped
    case refused
  }

  /// Called between pieces of work; what it throws ends the work.
  public typealias Checkpoint = () throws(RollbookError) -> Void

  /// The deepest nesting of folders: each level holds a descriptor open.
  public static let depthLimit = 200

  /// Copies a tree to a path where nothing is; `facts(of:syncing:)` makes it durable.
  ///
  /// What was copied before an error stays, for the caller to remove.
  public static func copy(
    _ source: String, to destination: String, endpoints: Endpoints,
    checkpoint: Checkpoint = {}
  ) throws(RollbookError) {
    var copier = TreeCopier(endpoints: endpoints)
    try copier.copyRoot(source, destination, checkpoint)
  }

  /// The size and the digest of a tree, which is the SHA-256 over its entries, each folder before
  /// what is in it and names in the order of their bytes.
  ///
  /// An entry is its kind (`d`, `f`, `x` for an executable file, `l`), the length of its path within
  /// the tree (8 bytes, big-endian), the path, the length of its bytes (8 bytes, big-endian), and
  /// its bytes: a file's, a link's text, none for a folder. The root's path is empty.
  ///
  /// - Parameter syncing: makes every file and folder durable too.
  public static func facts(
    of path: String, syncing: Bool = false, checkpoint: Checkpoint = {}
  ) throws(RollbookError) -> Facts {
    var digester = TreeDigester(syncing: syncing)
    try digester.addRoot(path, checkpoint)
    return Facts(size: digester.size, digest: digester.hash.hexDigest())
  }

  /// Removes a tree; none there is no error.
  public static func remove(_ path: String) throws(RollbookError) {
    var facts = stat()
    guard unsafe lstat(path, &facts) == 0 else {
      if errno == ENOENT { return }
      throw Files.failure("look at", path)
    }
    guard facts.st_mode & S_IFMT == S_IFDIR else { return try Files.removeFile(path) }
    // A program may have taken its own rights away.
    unsafe chmod(path, 0o700)
    try removeContents(of: try TreeFolder.open(path))
    if unsafe rmdir(path) != 0 && errno != ENOENT { throw Files.failure("remove", path) }
    DiskProbe.tell(.removed, path)
  }

  private static func removeContents(of folder: borrowing TreeFolder) throws(RollbookError) {
    for name in try folder.names() {
      if unlinkat(folder, name) { continue }
      let inner = try folder.openFolderForRemoval(name)
      try removeContents(of: inner)
      try folder.remove(name, isFolder: true)
    }
  }

  /// Whether the name was not a folder's, and is gone.
  private static func unlinkat(_ folder: borrowing TreeFolder, _ name: [UInt8]) -> Bool {
    do throws(RollbookError) {
      try folder.remove(name, isFolder: false)
      return true
    } catch {
      return false
    }
  }
}

/// Copies from an open folder to an open folder, level by level.
private struct TreeCopier {
  let endpoints: FileTree.Endpoints
  var buffer = [UInt8](repeating: 0, count: 1 << 20)

  init(endpoints: FileTree.Endpoints) { self.endpoints = endpoints }

  mutating func copyRoot(
    _ source: String, _ destination: String, _ checkpoint: FileTree.Checkpoint
  ) throws(RollbookError) {
    let file = try Descriptor.open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    let facts = try file.status(source)
    switch facts.st_mode & S_IFMT {
    case S_IFDIR:
      guard unsafe mkdir(destination, 0o700) == 0 else {
        throw Files.failure("make the folder", destination)
      }
      DiskProbe.tell(.made, destination)
      let from = TreeFolder(file, path: source)
      try copy(from, try TreeFolder.open(destination), depth: 0, checkpoint)
    case S_IFREG:
      let made = try Descriptor.open(
        destination, O_WRONLY | O_CREAT | O_EXCL, mode: facts.isExecutable ? 0o700 : 0o600)
      try copyBytes(file, source, made, destination, checkpoint)
    default: throw Files.refusal(source, "it is neither a file nor a folder")
    }
  }

  private mutating func copy(
    _ source: borrowing TreeFolder, _ destination: borrowing TreeFolder, depth: Int,
    _ checkpoint: FileTree.Checkpoint
  ) throws(RollbookError) {
    try checkDepth(depth, source.path)
    for name in try source.names() {
      try checkpoint()
      switch try source.entry(name, depth: depth) {
      case .folder:
        let made = try destination.makeFolder(name)
        try copy(try source.openFolder(name), made, depth: depth + 1, checkpoint)
      case .file(_, let isExecutable):
        // Not to wait, should a pipe have taken the file's place.
        let file = try source.open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        let made = try destination.open(
          name, O_WRONLY | O_CREAT | O_EXCL, mode: isExecutable ? 0o700 : 0o600)
        try copyBytes(file, source.display(name), made, destination.display(name), checkpoint)
      case .link(let text):
        try destination.makeLink(name, to: text)
      case .endpoint:
        if endpoints == .refused {
          throw Files.refusal(source.display(name), "it is a socket or a pipe")
        }
      }
    }
  }

  private mutating func copyBytes(
    _ file: borrowing Descriptor, _ source: String, _ made: borrowing Descriptor,
    _ destination: String, _ checkpoint: FileTree.Checkpoint
  ) throws(RollbookError) {
    while true {
      let count = try file.read(into: &buffer, path: source)
      if count == 0 { return }
      try made.write(buffer, count: count, path: destination)
      try checkpoint()
    }
  }
}

/// Digests from an open folder, level by level.
private struct TreeDigester {
  let syncing: Bool
  var size: Int64 = 0
  var hash = SHA256()
  var buffer = [UInt8](repeating: 0, count: 1 << 20)

  init(syncing: Bool) { self.syncing = syncing }

  mutating func addRoot(
    _ path: String, _ checkpoint: FileTree.Checkpoint
  ) throws(RollbookError) {
    let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    let facts = try file.status(path)
    switch facts.st_mode & S_IFMT {
    case S_IFDIR: try add(TreeFolder(file, path: path), [], depth: 0, checkpoint)
    case S_IFREG: try addFile(file, path, [], facts.isExecutable, checkpoint)
    default: throw Files.refusal(path, "it is neither a file nor a folder")
    }
  }

  private mutating func add(
    _ folder: borrowing TreeFolder, _ prefix: [UInt8], depth: Int,
    _ checkpoint: FileTree.Checkpoint
  ) throws(RollbookError) {
    try checkDepth(depth, folder.path)
    addHeader("d", prefix, size: 0)
    for name in try folder.names() {
      try checkpoint()
      let path = prefix.isEmpty ? name : prefix + [0x2f] + name
      switch try folder.entry(name, depth: depth) {
      case .folder:
        try add(try folder.openFolder(name), path, depth: depth + 1, checkpoint)
      case .file(_, let isExecutable):
        let file = try folder.open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        try addFile(file, folder.display(name), path, isExecutable, checkpoint)
      case .link(let text):
        addHeader("l", path, size: Int64(text.count))
        hash.update(text)
      case .endpoint:
        throw Files.refusal(folder.display(name), "it is a socket or a pipe")
      }
    }
    if syncing { try folder.descriptor.sync(path: folder.path) }
  }

  private mutating func addFile(
    _ file: borrowing Descriptor, _ display: String, _ path: [UInt8], _ isExecutable: Bool,
    _ checkpoint: FileTree.Checkpoint
  ) throws(RollbookError) {
    let expected = Int64(try file.status(display).st_size)
    addHeader(isExecutable ? "x" : "f", path, size: expected)
    var found: Int64 = 0
    while true {
      let count = try file.read(into: &buffer, path: display)
      if count == 0 { break }
      found += Int64(count)
      unsafe buffer.withUnsafeBytes { unsafe hash.update(.init(rebasing: $0[..<count])) }
      try checkpoint()
    }
    guard found == expected else { throw Files.refusal(display, "it changed while it was read") }
    size += found
    if syncing { try file.sync(path: display) }
  }

  private mutating func addHeader(_ kind: Character, _ path: [UInt8], size: Int64) {
    hash.update(Array(kind.utf8) + path.count.bigEndianBytes + path + Int(size).bigEndianBytes)
  }
}

private func checkDepth(_ depth: Int, _ path: String) throws(RollbookError) {
  if depth > FileTree.depthLimit {
    throw Files.refusal(path, "its folders are nested deeper than \(FileTree.depthLimit) levels")
  }
}

extension Int {
  fileprivate var bigEndianBytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * $0)) }
  }
}

extension Descriptor {
  fileprivate borrowing func status(_ path: String) throws(RollbookError) -> stat {
    var facts = stat()
    guard unsafe fstat(raw, &facts) == 0 else { throw Files.failure("look at", path) }
    return facts
  }
}

extension TreeFolder {
  fileprivate func openFolderForRemoval(_ name: [UInt8]) throws(RollbookError) -> TreeFolder {
    makeAccessible(name)
    return try openFolder(name)
  }
}
