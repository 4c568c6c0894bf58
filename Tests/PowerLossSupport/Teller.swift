package import RollbookSQLite
import Synchronization

/// Tells the recorder what has been acknowledged, and brings the main file up to date now and then, as it
/// comes to pass in a journal that is written for long.
package final class Teller: Sendable {
  private struct Line: ~Copyable, Sendable {
    var connection: Connection?
    var count = 0
  }

  private let recorder: DiskRecorder
  private let journal: String
  private let line = Mutex(Line())

  package init(_ recorder: DiskRecorder, journal: String) {
    self.recorder = recorder
    self.journal = journal
  }

  package func tell() {
    line.withLock { line in
      do throws(SQLiteError) {
        if line.connection == nil {
          line.connection = try Connection(path: journal, mode: .readWrite)
        }
        guard let connection = line.connection.take() else { return }
        recorder.acknowledge(try AppendOnly.counts(connection))
        line.count += 1
        if line.count % 7 == 0 {
          try connection.executeScript("PRAGMA wal_checkpoint(RESTART)")
        }
        line.connection = consume connection
      } catch {
        // A recorder that is told nothing would find no loss.
        preconditionFailure("\(error)")
      }
    }
  }

  package func close() { line.withLock { $0.connection = nil } }
}

/// The tables of a journal whose rows are never changed.
package enum AppendOnly {
  /// Those that refuse to be changed; source: migrations/V0002.
  package static func tables(_ connection: borrowing Connection) throws(SQLiteError) -> [String] {
    let rows = try connection.prepare(
      "SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '*_no_update'")
    var names: [String] = []
    while try rows.step() { names.append(rows.string(0)) }
    return names
  }

  package static func counts(_ connection: borrowing Connection) throws(SQLiteError) -> [String:
    Int64]
  {
    var counts: [String: Int64] = [:]
    for table in try tables(connection) {
      counts[table] = try connection.integer("SELECT count(*) FROM \(table)")
    }
    return counts
  }
}
