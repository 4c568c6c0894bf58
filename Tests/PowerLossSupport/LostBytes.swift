package import Rollbook
package import RollbookSQLite

/// What a journal says that there is, and is not there or is something else: the code of every version,
/// and the snapshots that are READY and that nobody has asked to delete.
///
/// - Parameter original: the home that the journal was written in, where snapshots' places are named so.
package func lostBytes(
  _ connection: borrowing Connection, of home: Home, original: Home? = nil
) throws -> [String] {
  var lost: [String] = []
  let artifacts = try connection.prepare("SELECT DISTINCT artifact FROM versions")
  while try artifacts.step() {
    do throws(RollbookError) {
      try ArtifactStore(home).verify(artifacts.string(0))
    } catch {
      lost.append(error.message)
    }
  }
  guard let original else { return lost }
  let snapshots = try connection.prepare(
    """
    SELECT location, digest FROM snapshot_outcomes AS s
    WHERE ready = 1 AND NOT EXISTS (
      SELECT 1 FROM operations AS n JOIN operation_kinds AS k ON k.kind = n.kind
      WHERE n.application_id = s.application_id
        AND (k.name = 'DeleteApplication'
             OR k.name = 'DeleteApplicationSnapshot'
                AND json_extract(n.parameters, '$.snapshot') = s.snapshot_id))
    """)
  while try snapshots.step() {
    let place = snapshots.string(0).replacing(original.path, with: home.path)
    do throws(RollbookError) {
      let digest = try FileTree.facts(of: place).digest
      if digest != snapshots.string(1) { lost.append("\(place) is not what was kept") }
    } catch {
      lost.append(error.message)
    }
  }
  return lost
}
