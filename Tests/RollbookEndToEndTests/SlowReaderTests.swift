#if CommandLine
import Foundation
import Glibc
import Testing

/// Whoever reads an answer may take their time, also where the pipe does not make its writer wait.
@Suite struct SlowReaderTests {
  @Test("A pipe that does not block, and is full for a while, gets the whole answer")
  func fullPipe() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      let query = """
        WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)
        SELECT n FROM c
        """
      let pipe = try NonBlockingPipe()
      let command = try stage.background(
        ["sql", query, "--output", "csv"], standardOutput: pipe.writeEnd)
      pipe.closeWriteEnd()
      var answer: [UInt8] = []
      // Nobody reads before it is full, and so at least once more is written than there is room for.
      try await wait(until: "the pipe is full") { pipe.isFull || command.status != nil }
      while let part = pipe.readSome() {
        answer += part
        if answer.count < 20_000 {
          try await wait(until: "it is full again") { pipe.isFull || command.status != nil }
        }
      }
      try await command.end().exits(0)
      let lines = String(decoding: answer, as: UTF8.self).split(whereSeparator: \.isNewline)
      #expect(lines.count == 20_001)
      #expect(lines.last == "20000")
    }
  }
}

/// A pipe of one page whose write end does not block.
private final class NonBlockingPipe {
  private let readEnd: Int32
  private(set) var writeEnd: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
      throw CannotStart(words: ["pipe"], errorNumber: errno)
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    readEnd = ends[0]
    writeEnd = ends[1]
    // F_SETPIPE_SZ, which the module does not show; source: fcntl(2).
    _ = fcntl(writeEnd, 1031, 4096)
    _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(readEnd)
    closeWriteEnd()
  }

  func closeWriteEnd() {
    if writeEnd >= 0 { close(writeEnd) }
    writeEnd = -1
  }

  /// Whether nothing more fits.
  var isFull: Bool {
    var count: Int32 = 0
    return unsafe ioctl(readEnd, UInt(FIONREAD), &count) == 0 && count >= 4096
  }

  /// What is there, once there is any; nil at the end.
  func readSome() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe read(readEnd, &buffer, buffer.count)
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }
}
#endif
