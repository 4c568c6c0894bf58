#if CommandLine
import Testing

@Suite struct StoryTests {
  @Test("The harness sees a counter run, and ends it")
  func counting() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      #expect(try await stage.standing("shop") == "RUNNING 1")
      try await stage.waitUntilCounting("shop", above: 3)
      #expect(stage.running("shop") == [1])
      #expect(stage.keepers().count == 1)
      try await stage.rollbook("stop", "shop").exits(0)
      #expect(stage.running("shop") == [])
      #expect(stage.keepers() == [])
      stage.expectContinuity()
    }
  }
}
#endif
