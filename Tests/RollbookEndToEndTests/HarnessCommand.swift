#if CommandLine
import Foundation
import Glibc
import Synchronization
import Testing

/// How a command ended, and what it wrote.
struct Run: Sendable {
  let words: [String]
  /// Its exit status; 128 and the signal's number where one ended it.
  let status: Int32
  let out: String
  let err: String

  /// Expects an exit status, and shows what the command said where it is another.
  @discardableResult
  func exits(_ expected: Int32, sourceLocation: SourceLocation = #_sourceLocation) -> Run {
    #expect(status == expected, "\(described)", sourceLocation: sourceLocation)
    return self
  }

  /// Expects a text on standard error.
  @discardableResult
  func says(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> Run {
    #expect(err.contains(text), "\(described)", sourceLocation: sourceLocation)
    return self
  }

  /// Expects a text on standard output.
  @discardableResult
  func shows(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> Run {
    #expect(out.contains(text), "\(described)", sourceLocation: sourceLocation)
    return self
  }

  func json() throws -> JSON { try JSON(parsing: out) }

  /// One JSON value for each line.
  func jsonLines() throws -> [JSON] {
    try out.split(separator: "\n").map { try JSON(parsing: String($0)) }
  }

  var described: String {
    "\(words.dropFirst().joined(separator: " ")) ended with \(status)\n\(out)\(err)"
  }
}

/// A command that runs; its outputs go to files, so that nobody who inherits them delays anything.
final class Command: Sendable {
  let pid: pid_t
  private let words: [String]
  private let outputs: String
  private let ended = Mutex<Int32?>(nil)

  init(
    _ words: [String], environment: [String: String], outputs folder: String,
    standardOutput: Int32? = nil
  ) throws {
    self.words = words
    outputs = "\(folder)/\(UUID().uuidString)"
    pid = try spawn(
      words, environment: environment, out: outputs + ".out", err: outputs + ".err",
      standardOutput: standardOutput)
  }

  deinit {
    // One that a failed test left.
    if status == nil {
      kill(pid, SIGKILL)
      _ = waitpid(pid, nil, 0)
    }
  }

  /// Its exit status as a shell has it; nil while it runs.
  var status: Int32? {
    ended.withLock { ended in
      if let known = ended { return known }
      var status: Int32 = 0
      guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = status & 0x7f
      ended = signal == 0 ? (status >> 8) & 0xff : 128 + signal
      return ended
    }
  }

  /// What it has written so far.
  var out: String { text(".out") }
  var err: String { text(".err") }

  func send(_ signal: Int32) {
    if status == nil { kill(pid, signal) }
  }

  /// Waits until it has ended.
  func end(withinSeconds seconds: Int = 60) async throws -> Run {
    let status = try await wait(for: "the end of \(words) (\(out)\(err))", seconds: seconds) {
      self.status
    }
    return Run(words: words, status: status, out: out, err: err)
  }

  private func text(_ ending: String) -> String {
    FileManager.default.contents(atPath: outputs + ending).map {
      String(decoding: $0, as: UTF8.self)
    }
      ?? ""
  }
}

/// Starts a program in a process group of its own, without input and other open files.
private func spawn(
  _ words: [String], environment: [String: String], out: String, err: String,
  standardOutput: Int32?
) throws -> pid_t {
  var actions = unsafe posix_spawn_file_actions_t()
  var attributes = posix_spawnattr_t()
  unsafe posix_spawn_file_actions_init(&actions)
  unsafe posix_spawnattr_init(&attributes)
  defer {
    unsafe posix_spawn_file_actions_destroy(&actions)
    unsafe posix_spawnattr_destroy(&attributes)
  }
  let new = O_WRONLY | O_CREAT | O_APPEND
  unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  if let standardOutput {
    unsafe posix_spawn_file_actions_adddup2(&actions, standardOutput, 1)
  } else {
    unsafe posix_spawn_file_actions_addopen(&actions, 1, out, new, 0o600)
  }
  unsafe posix_spawn_file_actions_addopen(&actions, 2, err, new, 0o600)
  // Files that other tests have open this moment would stay open as long as the command runs.
  for descriptor in Int32(3)..<256 {
    unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
  }
  var all = sigset_t()
  var none = sigset_t()
  unsafe sigfillset(&all)
  unsafe sigemptyset(&none)
  unsafe posix_spawnattr_setsigdefault(&attributes, &all)
  unsafe posix_spawnattr_setsigmask(&attributes, &none)
  let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
  unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
  var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
  var variables = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
  defer {
    for index in 0..<words.count { unsafe free(arguments[index]) }
    for index in 0..<environment.count { unsafe free(variables[index]) }
  }
  var pid: pid_t = 0
  let code = unsafe posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, &variables)
  guard code == 0 else { throw CannotStart(words: words, errorNumber: code) }
  return pid
}

struct CannotStart: Error {
  let words: [String]
  let errorNumber: Int32
}
#endif
