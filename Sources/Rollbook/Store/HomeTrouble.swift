internal import Glibc

extension RollbookError {
  static let freeSpace =
    "Free space on that file system, then run `rollbook settle`: it carries on what was in progress."

  /// The same error, of a file or folder that Rollbook keeps in its home: a home that may not be
  /// written, or has no room, is as bad as a journal of which that is true.
  package func ofHome() -> RollbookError {
    switch systemError {
    case EACCES, EPERM, EROFS:
      RollbookError(
        .journalReadOnly, "The home cannot be written: \(message).",
        hint: "Check the permissions of the home and its file system. Verbs that only look work.")
    case ENOSPC, EDQUOT:
      RollbookError(
        .diskFull, "The home cannot be written, its disk is full: \(message).",
        hint: RollbookError.freeSpace)
    case EIO:
      RollbookError(
        .diskFailed, "The disk of the home fails: \(message).", hint: "Look at that disk.")
    default: self
    }
  }

  /// The same error, of the place where a backup is to be: that is no trouble of the home's.
  func ofBackup(at destination: String) -> RollbookError {
    let isFull = code == .diskFull || ofHome().code == .diskFull
    return RollbookError(
      isFull ? .diskFull : .system, "The backup \(destination) cannot be written: \(message)",
      hint: "Nothing of it is left. Name a place with room for it, where you may write.")
  }

  /// Whether the error can only be about what was written, where something was read as well.
  package var isAboutWriting: Bool {
    switch systemError {
    case ENOSPC, EDQUOT, EROFS: true
    default: false
    }
  }
}
