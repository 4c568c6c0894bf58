#if CommandLine
internal import Glibc
public import Rollbook
internal import RollbookProcess
internal import Synchronization

/// The runtimes of this build.
public enum Runtimes {
  /// Makes the runtimes that an executable brings besides processes.
  public typealias More = @Sendable (Home) -> [any RuntimeAdapter]

  private static let more = Mutex<More?>(nil)

  static func bring(_ more: More?) { Runtimes.more.withLock { $0 = more } }

  /// The executable beside this one that has all runtimes.
  private static let sibling = "rollbook-full"

  static func all(in home: Home) -> [any RuntimeAdapter] {
    let brought = more.withLock { $0 }?(home) ?? []
    let runtimes: [any RuntimeAdapter] = [ProcessRuntime(home: home)] + brought
    #if DEBUG
    if DeathProbe.isWanted { return runtimes.map { MortalRuntime(base: $0) } }
    #endif
    return runtimes
  }

  /// The one that an application runs on.
  static func runtime(
    of application: Application, in home: Home
  ) throws(RollbookError) -> any RuntimeAdapter {
    obtain(application.runtime, in: home)
    guard let runtime = all(in: home).first(where: { $0.name == application.runtime }) else {
      throw absent(application.runtime)
    }
    return SecretKeepingRuntime(runtime)
  }

  /// Makes sure that a runtime is here.
  ///
  /// - Throws: `invalidArgument` for a runtime that is nowhere.
  static func require(_ name: String, in home: Home) throws(RollbookError) {
    obtain(name, in: home)
    if let absence = absence(of: name, in: home) { throw absence }
  }

  /// Becomes the executable that has a runtime, where this one has not; returns where none has it.
  ///
  /// The command starts as fast as it does because what speaks HTTP is not linked into it.
  static func obtain(_ name: String, in home: Home) {
    guard name == "flink", absence(of: name, in: home) != nil, more.withLock({ $0 == nil }) else {
      return
    }
    becomeSibling()
  }

  /// Why a runtime is not here, and what to do; nil where it is.
  static func absence(of name: String, in home: Home) -> RollbookError? {
    all(in: home).contains { $0.name == name } ? nil : absent(name)
  }

  /// The same arguments, the same environment, another executable. Returns where there is none.
  static func becomeSibling() {
    guard let own = Files.realPath("/proc/self/exe") else { return }
    let path = Files.parent(of: own) + "/" + sibling
    guard unsafe access(path, X_OK) == 0 else { return }
    var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    unsafe execv(path, arguments)
    while unsafe !arguments.isEmpty { unsafe free(arguments.removeLast()) }
  }

  private static func absent(_ name: String) -> RollbookError {
    guard name == "flink" else {
      return RollbookError(
        .invalidArgument, "There is no runtime named \(name).", hint: "Known: process, flink.")
    }
    return RollbookError(
      .invalidArgument, "The runtime \(name) is not in this build of Rollbook.",
      hint: "Install `rollbook-full`, built with the trait Flink, beside `rollbook`: "
        + "`./scripts/install` does.")
  }
}

enum ProcessSettings {
  static let runtime = "process"
  static let environment = ProcessRuntime.environmentName

  /// What a program's environment takes from that of `create`, and keeps from then on.
  static var capturedEnvironment: [String: String] {
    get throws(RollbookError) {
      var captured: [String: String] = [:]
      for name in ["PATH", "HOME", "USER", "LANG", "TMPDIR"] {
        captured[name] = try Environment.text(name)
      }
      return captured
    }
  }
}
#endif
