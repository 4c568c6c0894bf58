internal import Glibc

/// The system's words for an error number.
package func systemMessage(_ number: Int32) -> String {
  guard let text = unsafe strerror(number) else { return "error \(number)" }
  return unsafe String(cString: text)
}

/// Makes a folder and those above it where there are none, readable by the owner alone.
package func makeFolders(_ path: String) throws(RollbookError) {
  if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
  if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
    try makeFolders(String(path[..<slash]))
    if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
  }
  throw RollbookError(
    .journalMissing, "The folder \(path) cannot be made (\(systemMessage(errno))).",
    hint: "Name another home with --home or ROLLBOOK_HOME.")
}
