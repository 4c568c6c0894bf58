internal import Glibc

extension FileTree {
  /// The bytes of all files of a tree, or of one file; what cannot be seen counts nothing.
  ///
  /// For display: files come and go while they are counted.
  package static func size(of path: String) -> Int64 {
    guard Files.isFolder(path) else { return fileSize(path) }
    guard let folder = try? TreeFolder.open(path) else { return 0 }
    return size(of: folder, depth: 0)
  }

  private static func size(of folder: borrowing TreeFolder, depth: Int) -> Int64 {
    guard depth < depthLimit, let names = try? folder.names() else { return 0 }
    var total: Int64 = 0
    for name in names {
      switch try? folder.entry(name, depth: depth) {
      case .file(let size, _)?: total += size
      case .folder?:
        guard let inner = try? folder.openFolder(name) else { continue }
        total += size(of: inner, depth: depth + 1)
      case .link?, .endpoint?, nil: break
      }
    }
    return total
  }

  private static func fileSize(_ path: String) -> Int64 {
    var facts = stat()
    guard unsafe lstat(path, &facts) == 0 else { return 0 }
    return Int64(facts.st_size)
  }
}
