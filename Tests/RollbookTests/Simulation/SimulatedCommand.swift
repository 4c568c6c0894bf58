import Rollbook

/// What is asked of an application.
enum SimulatedCommand: Equatable {
  case start
  case stop(force: Bool)
  case update(SimulatedApplication.Version)
  case scale(parallelism: Int)
  case rollback
  case createSnapshot(String)
  case deleteSnapshot(String)
  case settle

  var changes: Bool { self != .settle }
}

extension SimulatedCommand {
  /// For counting.
  var word: String {
    switch self {
    case .start: "start"
    case .stop(let force): force ? "stop --force" : "stop"
    case .update: "update"
    case .scale: "scale"
    case .rollback: "rollback"
    case .createSnapshot: "snapshot create"
    case .deleteSnapshot: "snapshot delete"
    case .settle: "settle"
    }
  }

  var updateRequest: UpdateRequest? {
    guard case .update(let version) = self else { return nil }
    var request = UpdateRequest { configuration throws(RollbookError) in
      var changed = configuration
      version.apply(to: &changed)
      return changed
    }
    request.redeploy = true
    return request
  }

  /// What an engine is asked; nil for settling.
  var request: ChangeRequest? {
    switch self {
    case .start: .start(restore: nil, allowNonRestoredState: false)
    case .stop(let force): .stop(force: force)
    case .update: updateRequest.map(ChangeRequest.update)
    case .scale(let parallelism): .scale(parallelism: parallelism, ifVersion: nil, force: true)
    case .rollback: .rollback(RollbackRequest())
    case .createSnapshot(let name): .createSnapshot(name: name)
    case .deleteSnapshot(let name): .deleteSnapshot(name: name)
    case .settle: nil
    }
  }
}

extension SimulatedApplication.Version {
  /// With windows of a few looks.
  func apply(to configuration: inout VersionConfiguration) {
    configuration.rollbackEnabled = rollsBack
    configuration.snapshotsEnabled = snapshots
    configuration.settleSeconds = 0.12
    configuration.timeoutSeconds = 1
  }
}
