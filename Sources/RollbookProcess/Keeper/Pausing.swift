/// How processes are stopped that may start others meanwhile.
package enum Pausing {
  /// Seconds, and looks, in which the same processes move: they may never stop, and those that have
  /// are not to wait for them.
  private static let stuck = (seconds: 20.0, looks: 10)

  /// Stops all: whoever starts others before those, since one that has just forked may wait for its
  /// child, and cannot stop while the child is stopped before it executes its program.
  ///
  /// However long a look takes, on a busy machine, each look gets further.
  ///
  /// - Parameters:
  ///   - look: what lives of the generation now.
  ///   - now: seconds of a clock that is never set back.
  ///   - goOn: waits for so many seconds between two looks, and says whether anybody still waits.
  /// - Returns: whether all are stopped.
  package static func stopAll(
    look: () throws -> [ProcessEntry], stop: (Int32) -> Void, now: () -> Double,
    goOn: (Double) -> Bool
  ) -> Bool {
    var seenStopped: Set<Int32>?
    var seenMoving: (pids: Set<Int32>, since: Double, looks: Int) = ([], now(), 0)
    var wait = 0.002
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
      if moving.isEmpty || moving != seenMoving.pids {
        seenMoving = (moving, now(), 1)
        wait = 0.002
      } else {
        seenMoving.looks += 1
        // What they wait for may want the processor.
        wait = min(wait * 1.5, 0.05)
      }
      if now() - seenMoving.since >= stuck.seconds && seenMoving.looks >= stuck.looks {
        return false
      }
    } while goOn(wait)
    return false
  }
}
