import Testing

@testable import Rollbook

/// When a generation counts as RUNNING, and when it goes on doing so.
@Suite struct WatchTests {
  private let ready = Observation.running(ready: true, incarnation: "1")
  private let waiting = Observation.running(ready: false, incarnation: "1")

  @Test func `ready through the whole window counts as running`() {
    var watch = Watch(now: 0, timeout: 10, settle: 2)
    #expect(watch.observe(waiting, at: 0) == .goOn)
    #expect(watch.observe(ready, at: 1) == .goOn)
    #expect(watch.observe(ready, at: 2.9) == .goOn)
    #expect(watch.observe(ready, at: 3) == .passed)
  }

  @Test func `a look that takes long does not shorten the window`() {
    var watch = Watch(now: 0, timeout: 10, settle: 2)
    #expect(watch.observe(ready, at: 0) == .goOn)
    #expect(watch.observe(ready, at: 2.1, begun: 0.3) == .goOn)
    #expect(watch.observe(ready, at: 2.2, begun: 2.1) == .passed)
  }

  @Test func `a stumble begins the window again`() {
    var watch = Watch(now: 0, timeout: 10, settle: 2)
    #expect(watch.observe(ready, at: 0) == .goOn)
    #expect(watch.observe(waiting, at: 1.5) == .goOn)
    #expect(watch.observe(ready, at: 2) == .goOn)
    #expect(watch.observe(ready, at: 3.9) == .goOn)
    #expect(watch.observe(ready, at: 4) == .passed)
  }

  @Test func `a restart in the window is a failure`() {
    var watch = Watch(now: 0, timeout: 10, settle: 2)
    #expect(watch.observe(ready, at: 0) == .goOn)
    let restarted = watch.observe(.running(ready: true, incarnation: "2"), at: 1)
    guard case .restarted(_, .settle) = restarted else {
      Issue.record("a restart passed")
      return
    }
  }

  @Test func `a lack of resources is waited for until the timeout, where that is asked for`() {
    let lack = Observation.failing(
      Ending(cause: .noResources, rootCause: "no room", text: "no room", evidence: Evidence()))
    var change = Watch(now: 0, timeout: 10, settle: 2)
    guard case .failed = change.observe(lack, at: 1) else {
      Issue.record("a change waited")
      return
    }
    var back = Watch(now: 0, timeout: 10, settle: 2, awaitsResources: true)
    #expect(back.observe(lack, at: 1) == .goOn)
    #expect(back.observe(ready, at: 3) == .goOn)
    #expect(back.observe(lack, at: 4) == .goOn)
    #expect(back.observe(ready, at: 5) == .goOn)
    #expect(back.observe(ready, at: 7) == .passed)
    guard case .failed(let failure, .start) = back.observe(lack, at: 10) else {
      Issue.record("the timeout passed")
      return
    }
    #expect(failure.rootCause == "no room")
  }

  @Test func `not RUNNING in time is a failure, ready or not`() {
    var watch = Watch(now: 0, timeout: 10, settle: 2)
    guard case .failed(let failure, .start) = watch.observe(waiting, at: 10) else {
      Issue.record("the timeout passed")
      return
    }
    #expect(failure.rootCause == "not ready within 10 s")
    var late = Watch(now: 0, timeout: 10, settle: 2)
    #expect(late.observe(ready, at: 9.5) == .goOn)
    guard case .failed(let cause, .settle) = late.observe(ready, at: 10) else {
      Issue.record("the settle window went on past the timeout")
      return
    }
    #expect(cause.rootCause == "ready, but not RUNNING within 10 s")
  }

  @Test func `a window that ended in time counts, however late somebody looks`() {
    var watch = Watch(now: 0, timeout: 10, settle: 2)
    #expect(watch.observe(ready, at: 7.5) == .goOn)
    #expect(watch.observe(ready, at: 10.3) == .passed)
    var late = Watch(now: 0, timeout: 10, settle: 2)
    #expect(late.observe(ready, at: 8.5) == .goOn)
    guard case .failed = late.observe(ready, at: 10.7) else {
      Issue.record("a window that ended after the timeout counted")
      return
    }
  }

  @Test func `a timeout is told as it was set, whatever the clock says`() {
    for now in [0, 0.3, 1234.1, 8_000_000.7] {
      var watch = Watch(now: now, timeout: 0.5, settle: 2)
      guard case .failed(let failure, .start) = watch.observe(waiting, at: now + 1) else {
        Issue.record("the timeout passed")
        return
      }
      #expect(failure.rootCause == "not ready within 0.5 s")
    }
  }

  @Test func `baking fails by its end and passes by its time`() {
    var watch = Watch(now: 100, bake: 5)
    #expect(watch.observe(ready, at: 101) == .goOn)
    #expect(watch.observe(waiting, at: 104) == .goOn)
    #expect(watch.observe(ready, at: 105) == .passed)
    var ending = Watch(now: 100, bake: 5)
    #expect(ending.observe(waiting, at: 105) == .goOn)
    #expect(ending.observe(ready, at: 106) == .passed)
    var unready = Watch(now: 100, bake: 5)
    #expect(unready.observe(waiting, at: 119) == .goOn)
    guard case .failed(let failure, .bake) = unready.observe(waiting, at: 120) else {
      Issue.record("a program that is not ready went on baking")
      return
    }
    #expect(failure.rootCause == "not ready at the end of its bake time")
    var failing = Watch(now: 100, bake: 5)
    guard case .failed(_, .bake) = failing.observe(.absent, at: 101) else {
      Issue.record("an absent program passed")
      return
    }
  }
}
