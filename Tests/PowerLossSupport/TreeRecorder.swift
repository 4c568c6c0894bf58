import Foundation
import Glibc
import Rollbook

/// What of a folder's files and names has been synced, and what has only been written.
///
/// It follows `DiskProbe`: what others do to the folder (programs, SQLite) is not known to it.
struct TreeRecorder: Sendable {
  typealias ID = Int

  enum Node: Sendable {
    case file(synced: [UInt8], current: [UInt8], isExecutable: Bool)
    case folder(Names)
    case link(to: String)
  }

  /// A folder's names: those that hold after any crash, what was done since, and those that are seen.
  struct Names: Sendable {
    var synced: [String: ID] = [:]
    var pending: [(name: String, node: ID?)] = []
    var current: [String: ID] = [:]

    mutating func set(_ name: String, _ node: ID?) {
      pending.append((name, node))
      current[name] = node
    }

    mutating func sync() {
      synced = current
      pending = []
    }
  }

  private let root: String
  private var nodes: [ID: Node] = [0: .folder(Names())]
  private var next = 1

  init(root: String) { self.root = root }

  mutating func record(_ event: DiskProbe.Event, _ path: String) {
    let parts = parts(of: path)
    switch event {
    case .made: make(path, parts)
    case .changed: change(path, parts)
    case .syncing: break
    case .synced: sync(parts)
    case .removed: set(parts, nil)
    case .renamed(let from):
      let old = self.parts(of: from)
      guard let node = node(at: old) else { return }
      set(old, nil)
      set(parts, node)
    }
  }

  private func parts(of path: String) -> [String] {
    path.dropFirst(root.count).split(separator: "/").map(String.init)
  }

  private func node(at parts: some Sequence<String>) -> ID? {
    var id = 0
    for part in parts {
      guard case .folder(let names) = nodes[id], let inner = names.current[part] else { return nil }
      id = inner
    }
    return id
  }

  private mutating func set(_ parts: [String], _ node: ID?) {
    guard let name = parts.last, let parent = self.node(at: parts.dropLast()),
      case .folder(var names) = nodes[parent]
    else { return }
    // Taken out while it is changed: else all its names would be copied.
    nodes[parent] = nil
    names.set(name, node)
    nodes[parent] = .folder(names)
  }

  private mutating func make(_ path: String, _ parts: [String]) {
    if let known = node(at: parts) {
      // Opened again, perhaps to be written anew.
      if case .file = nodes[known] { change(path, parts) }
      return
    }
    var facts = stat()
    guard unsafe lstat(path, &facts) == 0 else { return }
    let new: Node =
      switch facts.st_mode & S_IFMT {
      case S_IFDIR: .folder(Names())
      case S_IFLNK:
        .link(to: (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "")
      default:
        .file(synced: [], current: Self.bytes(of: path), isExecutable: facts.st_mode & 0o100 != 0)
      }
    nodes[next] = new
    set(parts, next)
    next += 1
  }

  private mutating func change(_ path: String, _ parts: [String]) {
    guard let id = node(at: parts), case .file(let synced, _, let isExecutable) = nodes[id] else {
      return
    }
    nodes[id] = .file(
      synced: synced, current: Self.bytes(of: path), isExecutable: isExecutable)
  }

  private mutating func sync(_ parts: [String]) {
    guard let id = node(at: parts) else { return }
    switch nodes[id] {
    case .file(_, let current, let isExecutable):
      nodes[id] = .file(synced: current, current: current, isExecutable: isExecutable)
    case .folder(var names):
      names.sync()
      nodes[id] = .folder(names)
    case .link, nil: break
    }
  }

  private static func bytes(of path: String) -> [UInt8] {
    FileManager.default.contents(atPath: path).map { Array($0) } ?? []
  }

  // MARK: After the power went

  /// Writes what a disk may hold: of each folder's names those up to some change, of each file the synced
  /// bytes, the new ones, or something between.
  func write<Chance: RandomNumberGenerator>(to folder: String, by chance: inout Chance) throws {
    try write(0, to: folder, by: &chance)
  }

  private func write<Chance: RandomNumberGenerator>(
    _ id: ID, to path: String, by chance: inout Chance
  ) throws {
    switch nodes[id] {
    case .folder(let names):
      if !FileManager.default.fileExists(atPath: path) {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      }
      var kept = names.synced
      for change in names.pending.prefix(Int.random(in: 0...names.pending.count, using: &chance)) {
        kept[change.name] = change.node
      }
      for (name, node) in kept.sorted(by: { $0.key < $1.key }) {
        try write(node, to: "\(path)/\(name)", by: &chance)
      }
    case .file(let synced, let current, let isExecutable):
      let bytes = synced == current ? current : Self.torn(synced, current, by: &chance)
      try Data(bytes).write(to: URL(filePath: path))
      try FileManager.default.setAttributes(
        [.posixPermissions: isExecutable ? 0o700 : 0o600], ofItemAtPath: path)
    case .link(let text):
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: text)
    case nil: break
    }
  }

  private static func torn<Chance: RandomNumberGenerator>(
    _ synced: [UInt8], _ current: [UInt8], by chance: inout Chance
  ) -> [UInt8] {
    switch Int.random(in: 0..<4, using: &chance) {
    case 0: synced
    case 1: current
    // The length is known, and the bytes are not there yet.
    case 2: Array(repeating: 0, count: current.count)
    default: Array(current.prefix(Int.random(in: 0...current.count, using: &chance)))
    }
  }
}
