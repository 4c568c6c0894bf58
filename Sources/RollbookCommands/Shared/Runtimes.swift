#if CommandLine
internal import Rollbook
internal import RollbookProcess

/// The runtimes of this build.
enum Runtimes {
  static func all(in home: Home) -> [any RuntimeAdapter] {
    let runtimes: [any RuntimeAdapter] = [ProcessRuntime(home: home)]
    #if DEBUG
    if DeathProbe.isWanted { return runtimes.map { MortalRuntime(base: $0) } }
    #endif
    return runtimes
  }

  /// The one that an application runs on.
  static func runtime(
    of application: Application, in home: Home
  ) throws(RollbookError) -> any RuntimeAdapter {
    guard let runtime = all(in: home).first(where: { $0.name == application.runtime }) else {
      throw notInThisBuild(application.runtime)
    }
    return runtime
  }

  /// - Throws: `invalidArgument` for a runtime that is not here, known elsewhere or not.
  static func check(_ name: String) throws(RollbookError) {
    if name == ProcessSettings.runtime { return }
    if name == "flink" { throw notInThisBuild(name) }
    throw RollbookError(
      .invalidArgument, "There is no runtime named \(name).", hint: "Known: process, flink.")
  }

  private static func notInThisBuild(_ name: String) -> RollbookError {
    RollbookError(
      .invalidArgument, "The runtime \(name) is not in this build of Rollbook.",
      hint: "This build runs applications as local processes: --runtime process.")
  }
}

enum ProcessSettings {
  static let runtime = "process"
  static let environment = ProcessRuntime.environmentName

  /// What a program's environment takes from that of `create`, and keeps from then on.
  static var capturedEnvironment: [String: String] {
    var captured: [String: String] = [:]
    for name in ["PATH", "HOME", "USER", "LANG", "TMPDIR"] {
      captured[name] = Environment[name]
    }
    return captured
  }
}
#endif
