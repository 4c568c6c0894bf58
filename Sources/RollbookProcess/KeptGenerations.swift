internal import Rollbook

/// What the home keeps of an application's generations: `run/<application id>/<token>` and
/// `logs/<application id>/<token>.log`.
struct KeptGenerations {
  private let home: Home
  private let application: ApplicationID
  private var folders: String { "\(home.run)/\(application)" }
  private var logs: String { "\(home.logs)/\(application)" }

  init(_ home: Home, _ application: ApplicationID) {
    self.home = home
    self.application = application
  }

  /// The bytes of each, folder and logs together.
  func sizes() throws(RollbookError) -> [GenerationToken: Int64] {
    var sizes: [GenerationToken: Int64] = [:]
    for folder in [folders, logs] {
      for name in try Files.names(in: folder) {
        guard let token = Self.token(in: name) else { continue }
        sizes[token, default: 0] += FileTree.size(of: "\(folder)/\(name)")
      }
    }
    return sizes
  }

  func remove(_ token: GenerationToken) throws(RollbookError) {
    let folder = GenerationFolder(home, application, token)
    // A keeper lives, or processes that it has left behind.
    let isKept = try FileLock.isHeld(folder.alive)
    let identity = try JSON.read(KeeperIdentity.self, folder.identity)
    guard !isKept,
      try ProcessTable.members(of: folder, token: token.rawValue, keeper: identity).isEmpty
    else {
      throw RollbookError(.system, "the generation \(token) lives")
    }
    for name in try Files.names(in: logs) where Self.token(in: name) == token {
      try Files.removeFile("\(logs)/\(name)")
    }
    try FileTree.remove(folder.path)
  }

  /// The generation that a file or folder belongs to: its name up to the first point.
  private static func token(in name: String) -> GenerationToken? {
    let text = name.prefix { $0 != "." }
    let isToken =
      text.utf8.count == 32
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
    return isToken ? GenerationToken(rawValue: String(text)) : nil
  }
}
