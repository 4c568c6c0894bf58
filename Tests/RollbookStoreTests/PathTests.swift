import Rollbook
import Testing

/// Paths are bytes: what Swift takes for one character may hold a slash.
@Suite struct PathTests {
  @Test("A slash is one whatever marks stand beside it")
  func slashes() {
    #expect(Files.parts(of: "../\u{301}a") == ["..", "\u{301}a"])
    #expect(Files.parts(of: "a\u{600}/b/") == ["a\u{600}", "b", ""])
    #expect(Files.parts(of: "") == [""])
    #expect(Files.name(of: "/a/\u{301}b") == "\u{301}b")
    #expect(Files.parent(of: "/a/\u{301}b") == "/a")
    #expect(Files.parent(of: "/\u{301}b") == "/")
    #expect(Files.parent(of: "b") == ".")
    #expect(Files.name(of: "b") == "b")
  }

  @Test("What is below a folder begins with its bytes, and goes on")
  func below() {
    #expect(Files.isBelow("/a/b", "/a") && Files.isBelow("/a/\u{301}b", "/a"))
    #expect(Files.isBelow("/a", "/"))
    #expect(
      !Files.isBelow("/a", "/a") && !Files.isBelow("/ab", "/a") && !Files.isBelow("/a/", "/a"))
    // Another folder's name that means the same.
    #expect(!Files.isBelow("/e\u{301}/b", "/\u{e9}"))
  }
}
