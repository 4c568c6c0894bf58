internal import CRollbookSQLite

/// The prepared statements of one connection, by their text.
///
/// A statement in use is not handed out again: a recursive use prepares its own, which is finalized
/// when it is given back.
@safe final class StatementCache {
  /// Where a statement lives in the cache.
  typealias Slot = Int

  /// A statement that is in use, and its place; nil for one that the cache does not keep.
  @safe struct Taken {
    let handle: OpaquePointer
    let slot: Slot?

    init(handle: OpaquePointer, slot: Slot?) {
      unsafe self.handle = handle
      self.slot = slot
    }
  }

  @safe private struct Entry {
    let text: String
    let handle: OpaquePointer
    var isIdle = false

    init(text: String, handle: OpaquePointer) {
      self.text = text
      unsafe self.handle = handle
    }
  }

  /// A text that is hashed by its length alone: the few statements of a connection hardly share
  /// one, and a whole text takes longer to hash than to compare.
  private struct Key: Hashable {
    let text: String

    func hash(into hasher: inout Hasher) { hasher.combine(text.utf8.count) }
  }

  private var slots: [Key: Slot] = [:]
  private var entries: [Entry] = []

  /// The texts of the idle statements.
  var texts: [String] { entries.filter(\.isIdle).map(\.text) }

  /// Takes the statement with this text; nil where there is none that is idle.
  func take(_ sql: String) -> Taken? {
    guard let slot = slots[Key(text: sql)], entries[slot].isIdle else { return nil }
    entries[slot].isIdle = false
    return unsafe Taken(handle: entries[slot].handle, slot: slot)
  }

  /// Keeps a new statement, unless there is one with its text.
  func add(_ handle: OpaquePointer, _ sql: String) -> Taken {
    let key = Key(text: sql)
    if slots[key] != nil { return unsafe Taken(handle: handle, slot: nil) }
    slots[key] = entries.count
    unsafe entries.append(Entry(text: sql, handle: handle))
    return unsafe Taken(handle: handle, slot: entries.count - 1)
  }

  func giveBack(_ handle: OpaquePointer, _ slot: Slot?) {
    if let slot, slot < entries.count {
      entries[slot].isIdle = true
    } else {
      unsafe sqlite3_finalize(handle)
    }
  }

  /// Finalizes what is idle; what is in use is finalized when it is given back.
  func close() {
    for entry in entries where entry.isIdle { unsafe sqlite3_finalize(entry.handle) }
    entries = []
    slots = [:]
  }
}
