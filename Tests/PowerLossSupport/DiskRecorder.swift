import Foundation
import Rollbook
package import RollbookTesting
import Synchronization

/// What of a home's SQLite files has been synced, and what has only been written: from that, what a disk
/// may hold after the power went.
package final class DiskRecorder: Sendable {
  /// A change that a disk may have made, made in part, or not made.
  package enum Change: Sendable {
    case write([UInt8], offset: Int)
    case cut(size: Int)
  }

  struct File: Sendable {
    var synced: [UInt8] = []
    var pending: [Change] = []
    /// Whether its name is in the folder after any crash.
    var isNameSynced: Bool
    /// Whether it was removed, and the folder not synced since.
    var isRemoved = false
  }

  /// A moment at which the power may go.
  package struct Moment: Sendable {
    let files: [String: File]
    let tree: TreeRecorder?
    /// How many rows of each append-only table somebody was told to be durable.
    package let acknowledged: [String: Int64]
    package let world: ScriptedWorld
  }

  private struct State {
    var files: [String: File] = [:]
    var acknowledged: [String: Int64] = [:]
    package var moments: [Moment] = []
    var world: (@Sendable () -> ScriptedWorld)?
    var tree: TreeRecorder?
  }

  private let state = Mutex(State())
  private let home: String

  /// - Parameter recordsTree: whether the other files of the home are recorded too.
  package init(home: String, recordsTree: Bool = false) {
    self.home = home
    if recordsTree { state.withLock { $0.tree = TreeRecorder(root: home) } }
  }

  /// Records what SQLite, and Rollbook itself, do in the home while something is done.
  package func recording<Value>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    RecordingVFS.watch(home, with: self)
    if state.withLock({ $0.tree != nil }) {
      DiskProbe.watch(home) { [self] event, path in record(event, path) }
    }
    defer {
      DiskProbe.unwatch(home)
      RecordingVFS.unwatch(home)
    }
    return try await body()
  }

  private func record(_ event: DiskProbe.Event, _ path: String) {
    if case .syncing = event { return remember() }
    state.withLock { $0.tree?.record(event, path) }
    if case .synced = event { remember() }
  }

  /// What runs elsewhere, which no power cut ends; asked at every moment.
  package func follow(_ world: @escaping @Sendable () -> ScriptedWorld) {
    state.withLock { $0.world = world }
  }

  package var moments: [Moment] { state.withLock { $0.moments } }

  /// Somebody was told that so many rows of each table are durable.
  package func acknowledge(_ rows: [String: Int64]) {
    state.withLock { $0.acknowledged = rows }
    remember()
  }

  // MARK: What SQLite does

  /// - Parameter found: what the file holds; empty where it is new, and read only where it was not known.
  func opened(_ name: String, found: () -> [UInt8]) {
    state.withLock { state in
      if let known = state.files[name], !known.isRemoved { return }
      let bytes = found()
      state.files[name] = File(synced: bytes, isNameSynced: !bytes.isEmpty)
    }
  }

  func wrote(_ bytes: [UInt8], at offset: Int, to name: String) {
    state.withLock { $0.files[name]?.pending.append(.write(bytes, offset: offset)) }
  }

  func cut(name: String, to size: Int) {
    state.withLock { $0.files[name]?.pending.append(.cut(size: size)) }
  }

  /// All that may be lost is lost at the latest now: the moment to look at.
  func beginsSync(of name: String) { remember() }

  func synced(_ name: String) {
    state.withLock { state in
      guard var file = state.files.removeValue(forKey: name) else { return }
      for change in file.pending { file.synced.apply(change) }
      file.pending = []
      state.files[name] = file
      // SQLite syncs the folder with the first sync of a journal that it made.
      if name != "journal.db" && !file.isNameSynced {
        state.files = state.files.filter { !$0.value.isRemoved }
        for known in state.files.keys { state.files[known]?.isNameSynced = true }
      }
    }
    remember()
  }

  func removed(_ name: String, isSynced: Bool) {
    state.withLock { $0.files[name]?.isRemoved = true }
    remember()
    if isSynced { state.withLock { $0.files[name] = nil } }
  }

  private func remember() {
    // The world has a lock of its own: it is asked outside of ours.
    let world = state.withLock { $0.world }.map { $0() }
    guard let world else { return }
    state.withLock { state in
      state.moments.append(
        Moment(
          files: state.files, tree: state.tree, acknowledged: state.acknowledged, world: world))
    }
  }
}

extension DiskRecorder.Moment {
  /// Whether the files beside the journal were recorded.
  package var holdsTree: Bool { tree != nil }

  /// Writes into a folder what a disk may hold where the power went at this moment.
  package func write<Chance: RandomNumberGenerator>(
    to folder: String, by chance: inout Chance
  ) throws {
    try tree?.write(to: folder, by: &chance)
    for (name, file) in files.sorted(by: { $0.key < $1.key }) {
      if !file.isNameSynced && Bool.random(using: &chance) { continue }
      if file.isRemoved && Bool.random(using: &chance) { continue }
      var bytes = file.synced
      // Some disks keep order, some do not: either all up to some write, or any.
      let keepsOrder = Bool.random(using: &chance)
      let count = Int.random(in: 0...file.pending.count, using: &chance)
      for (index, change) in file.pending.enumerated() {
        if keepsOrder ? index < count : Bool.random(using: &chance) { bytes.apply(change) }
        if keepsOrder && index == count { bytes.apply(change.torn(by: &chance)) }
        if !keepsOrder && Int.random(in: 0..<4, using: &chance) == 0 {
          bytes.apply(change.torn(by: &chance))
        }
      }
      try Data(bytes).write(to: URL(filePath: folder + "/" + name))
    }
  }
}

extension DiskRecorder.Change {
  /// The same write, of which only some sectors have reached the disk.
  fileprivate func torn<Chance: RandomNumberGenerator>(by chance: inout Chance) -> Self {
    guard case .write(let bytes, let offset) = self else { return self }
    let sector = 512
    let first = Int.random(in: 0...bytes.count / sector, using: &chance) * sector
    let last = min(bytes.count, first + Int.random(in: 0...8, using: &chance) * sector)
    return Bool.random(using: &chance)
      ? .write(Array(bytes[..<first]), offset: offset)
      : .write(Array(bytes[min(first, last)..<last]), offset: offset + min(first, last))
  }
}

extension [UInt8] {
  fileprivate mutating func apply(_ change: DiskRecorder.Change) {
    switch change {
    case .cut(let size): if size < count { removeSubrange(size...) }
    case .write(let bytes, let offset):
      if bytes.isEmpty { return }
      if offset + bytes.count > count {
        append(contentsOf: repeatElement(0, count: offset + bytes.count - count))
      }
      replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
  }
}
