import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// What `verify` finds wrong with a journal, in words.
func journalFindings(_ home: Home) throws -> [String] {
  var verification = Verification(of: home)
  verification.isJournalOnly = true
  return try verification.run().findings.map { "\($0.part.rawValue): \($0.text)" }
}

/// What must always be true once everything is settled.
func checkInvariants(
  _ bench: Bench, keepsState: Bool, _ circumstances: @autoclosure () -> String
) async throws {
  let place = Comment(rawValue: circumstances())
  let journal = bench.engine.journal
  let facts = try await journal.read { (reader) throws(RollbookError) in
    var facts: [(state: ApplicationState, running: RunningGeneration?, snapshots: [Snapshot])] = []
    for application in try reader.applications(limit: 100)
      + reader.deletedApplications(limit: 100)
    {
      facts.append(
        (
          try reader.state(of: application), try reader.running(application.id),
          try reader.snapshots(of: application.id, limit: 1000)
        ))
    }
    return (open: try reader.openOperations(), applications: facts)
  }
  #expect(facts.open.isEmpty, place)
  let world = bench.runtime.currentWorld
  for (state, running, snapshots) in facts.applications {
    #expect(state.inFlight == nil, place)
    let alive = world.alive(of: state.application.id)
    #expect(alive.count <= 1, place)
    switch state.status {
    case .running:
      #expect(running != nil, place)
      #expect(running?.version == state.version, place)
      #expect(running?.parallelism == state.parallelism, place)
      #expect(alive.keys.first == running?.token, place)
      if keepsState { #expect(alive.values.first?.state.first == "counted", place) }
    case .ready, .deleted:
      #expect(running == nil, place)
      #expect(alive.isEmpty, place)
    default: Issue.record("the application is left \(state.status.name)")
    }
    for snapshot in snapshots {
      #expect(snapshot.status != .creating, place)
      if snapshot.status == .ready { #expect(world.snapshots[snapshot.id] != nil, place) }
    }
  }
  try checkRows(journal.path, place)
}

/// What the rows themselves must say, read as an auditor reads them.
func checkRows(_ path: String, _ place: Comment) throws {
  let connection = try Connection(path: path, mode: .readOnly)
  let none: [(String, String)] = [
    (
      "an operation without outcome",
      """
      SELECT count(*) FROM operations AS n
      WHERE NOT EXISTS (SELECT 1 FROM operation_outcomes AS o WHERE o.operation_id = n.id)
      """
    ),
    (
      "a failed operation without its cause",
      """
      SELECT count(*) FROM operation_outcomes AS o
      WHERE o.status = 3 AND NOT EXISTS (SELECT 1 FROM failures AS f
                                         WHERE f.operation_id = o.operation_id)
      """
    ),
    (
      "a failed change without a decision",
      """
      SELECT count(*) FROM operation_outcomes AS o JOIN operations AS n ON n.id = o.operation_id
      WHERE o.status = 3 AND n.kind IN (1, 3, 4, 12, 13) AND o.rollback_decision IS NULL
      """
    ),
    (
      "a head that is not the newest operation",
      """
      SELECT count(*) FROM (SELECT application_id, max(id) AS newest FROM operations GROUP BY 1)
      JOIN heads USING (application_id) WHERE operation_id <> newest
      """
    ),
    (
      "a list of open suspects that is not what their rows say",
      """
      SELECT count(*) FROM suspects AS s
      WHERE (SELECT count(*) FROM open_suspects AS o WHERE o.suspect_id = s.id)
         <> (SELECT NOT EXISTS (SELECT 1 FROM suspect_resolutions AS r WHERE r.suspect_id = s.id))
      """
    ),
    (
      "a broken chain of operations",
      """
      SELECT count(*) FROM (
        SELECT previous_id, lag(id) OVER (PARTITION BY application_id ORDER BY id) AS expected
        FROM operations)
      WHERE previous_id IS NOT expected
      """
    ),
    (
      "a decision to roll back without the rollback",
      """
      SELECT count(*) FROM operation_outcomes AS o
      WHERE o.rollback_decision = 'ROLLBACK_STARTED'
        AND NOT EXISTS (SELECT 1 FROM operations AS r WHERE r.id = o.rollback_operation_id)
      """
    ),
    (
      "a view that says something else than the rows",
      """
      SELECT count(*) FROM application_status AS v
      JOIN heads AS h ON h.application_id = v.application_id
      JOIN operation_outcomes AS o ON o.operation_id = h.operation_id
      WHERE v.version <> o.version OR v.parallelism <> o.parallelism
      """
    ),
  ]
  for (what, sql) in none { #expect(try connection.integer(sql) == 0, "\(place): \(what)") }
}
