#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Create: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make an application: version 1, READY.")

  @Argument(help: "Its name.") var name: String

  @Option(help: ArgumentHelp("What runs it: process or flink.", valueName: "name"))
  var runtime = ProcessSettings.runtime

  @Option(
    help: ArgumentHelp(
      "The program: an executable file, or a folder with an executable `run`.",
      valueName: "path"))
  var code: String

  @Option(help: ArgumentHelp("How many instances run.", valueName: "n"))
  var parallelism = 1

  @OptionGroup var settings: SettingOptions
  @OptionGroup var options: ChangeOptions

  func run() async throws {
    try Runtimes.check(runtime)
    try settings.check(for: runtime)
    let codePath = try HomeOptions.absolute(code)
    var initial = VersionConfiguration(codeName: Files.name(of: trimmed(codePath)))
    initial.environment = ProcessSettings.capturedEnvironment
    let request = CreateRequest(
      name: name, runtime: runtime, codePath: codePath,
      configuration: try settings.apply(to: initial), parallelism: parallelism)
    // Wrong values are refused before a home is made for them.
    try Validation.name(name)
    try Validation.parallelism(parallelism)
    try Validation.configuration(request.configuration)
    try CodePath.check(codePath)
    let session = try ChangeSession(options, access: .create)
    let requester = session.requester
    let report = try await session.watching { (engine, _) async throws(RollbookError) in
      try await engine.create(request, by: requester)
    }
    try await session.conclude(report)
  }
}

/// The path without the slashes at its end.
func trimmed(_ path: String) -> String {
  var path = path
  while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
  return path
}

/// The path that `--code` gives.
enum CodePath {
  /// - Throws: `invalidArgument` where there is no code.
  static func check(_ path: String) throws(RollbookError) {
    do throws(RollbookError) {
      _ = try ArtifactStore.usable(path)
    } catch {
      throw RollbookError(.invalidArgument, error.message, hint: error.hint)
    }
  }
}
#endif
