#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Create: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make an application: version 1, READY.")

  @Argument(help: "Its name.") var name: String

  @Option(help: ArgumentHelp("What runs it: process or flink.", valueName: "name"))
  var runtime = ProcessSettings.runtime

  @Option(
    help: ArgumentHelp(
      "The program: an executable file, a folder with an executable `run`, or a jar (flink).",
      valueName: "path"))
  var code: String

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How many instances run.", valueName: "n"))
  var parallelism = 1

  @OptionGroup var settings: SettingOptions
  @OptionGroup var options: ChangeOptions

  func run() async throws {
    try Runtimes.require(runtime, in: try options.home.home)
    try settings.check(for: runtime)
    let codePath = try HomeOptions.absolute(code)
    var initial = VersionConfiguration(codeName: Files.name(of: trimmed(codePath)))
    if runtime == ProcessSettings.runtime {
      initial.environment = try ProcessSettings.capturedEnvironment
    }
    var request = CreateRequest(
      name: name, runtime: runtime, codePath: codePath,
      configuration: try settings.apply(to: initial), parallelism: parallelism)
    request.runtimeEnvironment = settings.runtimeEnvironment
    // Wrong values are refused before a home is made for them.
    try Validation.name(name)
    try Validation.parallelism(parallelism)
    try Validation.configuration(request.configuration)
    try CodePath.check(codePath)
    let asked = request
    let session = try ChangeSession(options, on: .newApplication)
    let requester = session.requester
    let report = try await session.watching { (engine, _) async throws(RollbookError) in
      try await engine.create(asked, by: requester)
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
