internal import Rollbook

extension VersionConfiguration {
  /// Refuses what processes cannot be started with.
  ///
  /// - Throws: `invalidArgument`, which names the setting and what it may be.
  func checkForProcesses() throws(RollbookError) {
    if let maxParallelism, maxParallelism < 1 {
      throw refusal("max parallelism \(maxParallelism) is less than 1")
    }
    if let clusterAddress {
      throw refusal("processes run on no cluster: \(clusterAddress)")
    }
    if let entryClass {
      throw refusal("processes have no entry class: \(entryClass)")
    }
    try checkSeconds()
    try checkVariables()
    if arguments.contains(where: { $0.utf8.contains(0) }) {
      throw refusal("an argument holds a NUL character")
    }
    if readyCheck?.isEmpty == true || readyCheck?.utf8.contains(0) == true {
      throw refusal("the ready check is empty or holds a NUL character")
    }
  }

  private func checkSeconds() throws(RollbookError) {
    let settings: [(String, Double)] = [
      ("settle", settleSeconds), ("timeout", timeoutSeconds), ("bake", bakeSeconds),
      ("submit grace", submitGraceSeconds), ("stop grace", stopGraceSeconds),
      ("snapshot timeout", snapshotTimeoutSeconds),
    ]
    for (name, seconds) in settings where !(seconds >= 0 && seconds.isFinite) {
      throw refusal("\(name): \(seconds) is no number of seconds from 0 up")
    }
  }

  private func checkVariables() throws(RollbookError) {
    for name in properties.keys.sorted() + secretProperties.keys.sorted() {
      if name.isEmpty || name.contains("=") || name.utf8.contains(0) {
        throw refusal("the property name “\(name)” cannot be that of an environment variable")
      }
      if name.hasPrefix("ROLLBOOK_") {
        throw refusal("the property \(name): names that begin with ROLLBOOK_ are Rollbook's own")
      }
      if properties[name] != nil && secretProperties[name] != nil {
        throw refusal("the property \(name) is given both openly and as a secret")
      }
      if properties[name]?.utf8.contains(0) == true {
        throw refusal("the value of the property \(name) holds a NUL character")
      }
    }
  }

  private func refusal(_ message: String) -> RollbookError {
    RollbookError(.invalidArgument, message, hint: "Change it and try again; nothing was written.")
  }
}
