/// How processes are stopped that may start others meanwhile.
package enum Pausing {
  /// Stops all: whoever starts others before those, since one that has just forked may wait for its
  /// child, and cannot stop while the child is stopped before it executes its program.
  ///
  /// However long a look takes, on a busy machine, each look gets further.
  ///
  /// - Parameters:
  ///   - look: what lives of the generation now.
  ///   - goOn: asked between two looks.
  /// - Returns: whether all are stopped.
  package static func stopAll(
    look: () throws -> [ProcessEntry], stop: (Int32) -> Void, goOn: () -> Bool
  ) -> Bool {
    var seenStopped: Set<Int32>?
    repeat {
      guard let all = try? look() else { return false }
      let moving = Set(all.filter { !$0.isStopped }.map(\.pid))
      for process in all where moving.contains(process.pid) && !moving.contains(process.parent) {
        stop(process.pid)
      }
      // One that was started during the first look that found all stopped is seen by the second.
      let pids = moving.isEmpty ? Set(all.map(\.pid)) : nil
      if let pids, seenStopped == pids { return true }
      seenStopped = pids
    } while goOn()
    return false
  }
}
