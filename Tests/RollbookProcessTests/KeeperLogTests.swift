import Glibc
import Rollbook
import Testing

@testable import RollbookProcess

/// A log that cannot be written as it should.
@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct KeeperLogTests {
  /// A log in a folder of its own, and the pipe that feeds it.
  final class Stage {
    let folder: String
    let log: KeeperLog
    let limit: Int
    private let pipe: Descriptor
    private var disk: SmallDisk?

    var path: String { folder + "/logs/log" }

    init(limit: Int, kilobytes: Int? = nil) throws {
      let folder = newTestFolder()
      self.folder = folder
      self.limit = limit
      try Files.makeFolder(folder + "/logs")
      disk = try kilobytes.map { try SmallDisk("\(folder)/logs", kilobytes: $0) }
      pipe = try KeeperLog.makePipe(folder + "/pipe")
      log = try KeeperLog(path: folder + "/logs/log", limit: Int64(limit), pipe: folder + "/pipe")
    }

    deinit {
      disk = nil
      try? FileTree.remove(folder)
    }

    func say(_ text: String) throws {
      try pipe.write(Array(text.utf8), count: text.utf8.count, path: "the pipe")
      log.drain()
    }

    func text(_ path: String) throws -> String {
      try Files.read(path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
  }

  private let line = String(repeating: "x", count: 99) + "\n"

  @Test("A log that cannot be moved away keeps its limit, and is moved once that is possible")
  func immovable() throws {
    let stage = try Stage(limit: 1000)
    try Files.makeFolder(stage.path + ".1")
    try stage.say("first\n")
    for _ in 0..<30 { try stage.say(line) }
    let kept = try stage.text(stage.path)
    #expect(kept.utf8.count <= stage.limit)
    #expect(kept.hasPrefix("first\n"))
    try FileTree.remove(stage.path + ".1")
    try stage.say("second\n" + line)
    #expect(try stage.text(stage.path) == "second\n" + line)
    #expect(try stage.text(stage.path + ".1") == kept)
  }

  @Test("A log that could not be made is made as soon as that is possible")
  func folderGone() throws {
    let stage = try Stage(limit: 1000)
    for _ in 0..<3 { try stage.say(line) }
    try FileTree.remove(stage.folder + "/logs")
    for _ in 0..<12 { try stage.say(line) }
    try Files.makeFolder(stage.folder + "/logs")
    try stage.say("back\n")
    #expect(try stage.text(stage.path) == "back\n")
  }

  @Test(
    "On a full disk what was logged before stays, and its size is what the file's is",
    .enabled(if: SmallDisk.isThere, "NOT TESTED: a small disk cannot be mounted here (root can)"))
  func fullDisk() throws {
    let stage = try Stage(limit: 8192, kilobytes: 64)
    try stage.say("first\n")
    do {
      let filler = try Descriptor.open(stage.folder + "/logs/filler", O_WRONLY | O_CREAT)
      let bytes = [UInt8](repeating: 0, count: 4096)
      #expect(throws: RollbookError.self) {
        while true { try filler.write(bytes, count: bytes.count, path: "filler") }
      }
    }
    for _ in 0..<400 { try stage.say(line) }
    let kept = try stage.text(stage.path)
    #expect(kept.hasPrefix("first\n"))
    #expect(stage.log.size == Int64(kept.utf8.count))
    try Files.removeFile(stage.folder + "/logs/filler")
    try stage.say("last\n")
    let whole = try stage.text(stage.path + ".1") + stage.text(stage.path)
    #expect(whole.hasPrefix("first\n") && whole.hasSuffix("last\n"))
  }

  @Test("The cause of a failure is found in a log that was moved away since")
  func movedSince() async throws {
    let bench = try Bench(logLimit: 4096)
    let script = """
      #!/bin/sh
      if [ $ROLLBOOK_INSTANCE = 1 ]; then
        trap 'head -c 2900 /dev/zero | tr "\\\\0" y; echo; echo "error: told to go"; exit 9' TERM
        echo $$ > "$ROLLBOOK_STATE/pid1"
        while :; do sleep 0.02; done
      fi
      while ! [ -s "$ROLLBOOK_STATE/pid1" ]; do sleep 0.01; done
      head -c 3000 /dev/zero | tr '\\0' x
      echo; echo "error: mine"; exit 3
      """
    let generation = try await bench.started(script, parallelism: 2)
    let ending = try await bench.ending(generation)
    #expect(ending.text.hasSuffix("error: told to go\n"))
    #expect(ending.rootCause == "error: mine")
  }
}
