#if Server
internal import Glibc
internal import Rollbook

/// How many files and connections this process may have open.
enum Descriptors {
  /// More connections wait until one of them is done.
  private static let most = 1024
  /// For the journal, the locks of what is in flight, and files that are copied.
  private static let reserve = 512

  /// Raises the limit of this process as far as it needs to be, and is let.
  ///
  /// Without room for one more the server could not even refuse a connection, and would end.
  /// - Returns: how many connections there is room for.
  /// - Throws: `system` where there is room for none.
  static func connectionLimit() throws(RollbookError) -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw RollbookError(.system, "The limit of open files cannot be read.")
    }
    let wanted = rlim_t(most + reserve)
    if limit.rlim_cur < wanted {
      limit.rlim_cur = min(wanted, limit.rlim_max)
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    let room = limit.rlim_cur >= wanted ? most : Int(limit.rlim_cur) - reserve
    guard room > 0 else {
      throw RollbookError(
        .system, "This process may open \(limit.rlim_cur) files only.",
        hint: "Allow it \(wanted): ulimit -n \(wanted).")
    }
    return room
  }
}
#endif
