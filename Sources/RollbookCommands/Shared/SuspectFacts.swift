#if CommandLine
internal import Rollbook

/// A generation that may still run although nobody could make sure, and what is seen of it now.
struct SuspectFacts: Sendable, Equatable {
  let suspect: Suspect
  /// Nil where the journal does not say what was deployed.
  let generation: Generation?
  /// Its operation was given up by hand; else its deployment was never answered.
  let isAbandoned: Bool
  var observation: Observation?

  static func read(
    of application: ApplicationID, _ reader: borrowing JournalReader
  ) throws(RollbookError) -> [SuspectFacts] {
    var found: [SuspectFacts] = []
    for suspect in try reader.unresolvedSuspects(of: application) {
      let failure = try reader.failure(of: suspect.operation)
      found.append(
        SuspectFacts(
          suspect: suspect, generation: try reader.generation(of: suspect),
          isAbandoned: failure?.phase == .abandoned))
    }
    return found
  }

  static func name(_ version: Int64?) -> String {
    version.map { "version \($0)" } ?? "what was deployed"
  }

  private var name: String { SuspectFacts.name(generation?.version.version) }

  /// `version 2 may still run since its operation was abandoned; now it runs: …`.
  var text: String {
    let why =
      isAbandoned
      ? "may still run since its operation was abandoned"
      : "may still start: whether it was deployed was never answered"
    return "\(name) \(why) (operation \(suspect.operation)); \(now)"
  }

  private var now: String {
    switch observation {
    case .running, .failing: "now it runs: `rollbook settle` ends it"
    case .ended: "now it has ended: `rollbook settle` records it"
    case .absent: "now it is not there: `rollbook settle` records it"
    case .missing(let why): "now it is missing (\(why)): `rollbook settle` looks after it"
    case .unreachable(let why):
      "now its runtime cannot be reached (\(why)): `rollbook settle` ends it when it can"
    case nil: "nobody can look at it now"
    }
  }

  var style: Style {
    switch observation {
    case .ended, .absent: .busy
    default: .bad
    }
  }
}

/// A suspect in JSON.
struct SuspectShape: Encodable {
  var applicationVersionId: Int64?
  var generation: String
  var operationId: String
  var since: String
  var isAbandoned: Bool
  var observed: ObservedShape?

  init(_ facts: SuspectFacts) {
    applicationVersionId = facts.generation?.version.version
    generation = facts.suspect.token.rawValue
    operationId = facts.suspect.operation.description
    since = facts.suspect.since.description
    isAbandoned = facts.isAbandoned
    if let seen = facts.observation {
      observed = ObservedShape(seen, version: applicationVersionId)
    }
  }
}
#endif
