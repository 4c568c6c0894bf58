internal import Glibc

/// An open folder of a tree that is walked: its names, and what they are.
///
/// Everything is opened relative to the folder and without following links, so that nobody who
/// changes the tree meanwhile can lead the walk elsewhere.
struct TreeFolder: ~Copyable {
  let descriptor: Descriptor
  /// For errors.
  let path: String

  /// What a name in a folder is.
  enum Entry {
    case file(size: Int64, isExecutable: Bool)
    case folder
    /// A link's text, which leads to somewhere within the tree.
    case link([UInt8])
    /// A socket or a pipe: means nothing without the process that made it.
    case endpoint
  }

  init(_ descriptor: consuming Descriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  static func open(_ path: String) throws(RollbookError) -> TreeFolder {
    TreeFolder(
      try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path: path)
  }

  func display(_ name: [UInt8]) -> String {
    "\(path)/\(String(decoding: name, as: UTF8.self))"
  }

  /// The names in the folder, ordered by their bytes.
  func names() throws(RollbookError) -> [[UInt8]] {
    // A fresh open: reading moves the position, which duplicates of a descriptor share.
    let raw = unsafe openat(descriptor.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else { throw Files.failure("read", path) }
    guard let stream = unsafe fdopendir(raw) else {
      let failure = Files.failure("read", path)
      close(raw)
      throw failure
    }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
          unsafe Array(UnsafeBufferPointer(start: start, count: strlen(start)))
        }
      }
      if name != [0x2e] && name != [0x2e, 0x2e] { names.append(name) }
    }
    if errno != 0 { throw Files.failure("read", path) }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// - Parameter depth: how many folders of the tree are above this one.
  /// - Throws: `system` for devices, and for links that lead out of the tree.
  func entry(_ name: [UInt8], depth: Int) throws(RollbookError) -> Entry {
    var facts = stat()
    guard unsafe fstatat(descriptor.raw, name.terminated, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
      throw Files.failure("look at", display(name))
    }
    switch facts.st_mode & S_IFMT {
    case S_IFREG:
      return .file(size: Int64(facts.st_size), isExecutable: facts.isExecutable)
    case S_IFDIR: return .folder
    case S_IFLNK: return .link(try linkText(name, depth: depth))
    case S_IFSOCK, S_IFIFO: return .endpoint
    default: throw Files.refusal(display(name), "it is a device")
    }
  }

  /// Links are kept as links where they are relative and climb, at their beginning only, no higher
  /// than the tree's root. Every folder on the way is a real one or such a link, so that none leads
  /// out, whatever the others say.
  private func linkText(_ name: [UInt8], depth: Int) throws(RollbookError) -> [UInt8] {
    var text = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlinkat(descriptor.raw, name.terminated, &text, text.count)
    guard count >= 0 else { throw Files.failure("read the link", display(name)) }
    let bytes = text[..<count].map { UInt8(bitPattern: $0) }
    let parts = bytes.split(separator: 0x2f)
    let climbs = parts.prefix { $0.elementsEqual([0x2e, 0x2e]) }.count
    let climbsLater = parts.dropFirst(climbs).contains { $0.elementsEqual([0x2e, 0x2e]) }
    guard bytes.first != 0x2f, !parts.isEmpty, climbs <= depth, !climbsLater else {
      throw Files.refusal(display(name), "it is a link that leads out of its folder")
    }
    return bytes
  }

  func openFolder(_ name: [UInt8]) throws(RollbookError) -> TreeFolder {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    return TreeFolder(try open(name, flags), path: display(name))
  }

  func open(_ name: [UInt8], _ flags: Int32, mode: UInt32 = 0) throws(RollbookError) -> Descriptor {
    let folder = descriptor.raw
    let raw = retrying { unsafe openat(folder, name.terminated, flags | O_CLOEXEC, mode) }
    guard raw >= 0 else { throw Files.failure("open", display(name)) }
    if flags & O_CREAT != 0 { DiskProbe.tell(.made, display(name)) }
    return Descriptor(adopting: raw)
  }

  func makeFolder(_ name: [UInt8]) throws(RollbookError) -> TreeFolder {
    guard unsafe mkdirat(descriptor.raw, name.terminated, 0o700) == 0 else {
      throw Files.failure("make the folder", display(name))
    }
    DiskProbe.tell(.made, display(name))
    return try openFolder(name)
  }

  func makeLink(_ name: [UInt8], to text: [UInt8]) throws(RollbookError) {
    guard unsafe symlinkat(text.terminated, descriptor.raw, name.terminated) == 0 else {
      throw Files.failure("make the link", display(name))
    }
    DiskProbe.tell(.made, display(name))
  }

  /// Gives the rights back that a program may have taken from its own folder.
  func makeAccessible(_ name: [UInt8]) {
    unsafe fchmodat(descriptor.raw, name.terminated, 0o700, 0)
  }

  func remove(_ name: [UInt8], isFolder: Bool) throws(RollbookError) {
    let flags = isFolder ? AT_REMOVEDIR : 0
    guard unsafe unlinkat(descriptor.raw, name.terminated, flags) == 0 || errno == ENOENT else {
      throw Files.failure("remove", display(name))
    }
    DiskProbe.tell(.removed, display(name))
  }
}

extension [UInt8] {
  /// As a C string.
  fileprivate var terminated: [CChar] { map { CChar(bitPattern: $0) } + [0] }
}

extension stat {
  var isExecutable: Bool { st_mode & 0o111 != 0 }
}

extension Files {
  static func refusal(_ path: String, _ why: String) -> RollbookError {
    RollbookError(.system, "cannot keep \(path): \(why)")
  }
}
