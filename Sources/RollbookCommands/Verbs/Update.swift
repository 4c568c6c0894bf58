#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Update: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Make the next version and deploy it; roll back by itself where opted in.",
    discussion: """
      What is not named stays as in the current version. Any --arg replaces the whole argument \
      list; --property sets one property and --unset-property removes one.
      """)

  @Argument(help: "The application's name.") var name: String

  @Option(help: ArgumentHelp("The new program.", valueName: "path"))
  var code: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How many instances run.", valueName: "n"))
  var parallelism: Int?

  @OptionGroup var settings: SettingOptions

  @Flag(help: "Remove all arguments.")
  var noArgs = false

  @Option(
    name: .customLong("unset-property"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A property to remove; repeat for more.", valueName: "key"))
  var unsetProperties: [String] = []

  @Flag(help: "Deploy a new version although nothing changes.")
  var redeploy = false

  @OptionGroup var versionCheck: VersionCheckOptions
  @OptionGroup var restore: RestoreOptions
  @OptionGroup var options: ChangeOptions

  func validate() throws {
    if noArgs && !settings.arguments.isEmpty {
      throw ValidationError("--arg and --no-args contradict each other.")
    }
  }

  func run() async throws {
    let session = try ChangeSession(options, on: .application(name))
    try await session.run(.update(try await request(session)), on: name)
  }

  private func request(_ session: ChangeSession) async throws -> UpdateRequest {
    let application = try await session.engine.application(named: name)
    try settings.check(for: application.runtime)
    let codePath = try code.map { (path) throws(RollbookError) in
      try HomeOptions.absolute(path)
    }
    if let codePath { try CodePath.check(codePath) }
    var request = UpdateRequest { [self] (old) throws(RollbookError) in
      try change(old, codePath: codePath)
    }
    request.codePath = codePath
    request.parallelism = parallelism
    request.ifVersion = versionCheck.ifVersion
    request.redeploy = redeploy
    request.runtimeEnvironment = settings.runtimeEnvironment
    request.restore = restore.source
    request.allowNonRestoredState = restore.allowNonRestoredState
    return request
  }

  private func change(
    _ old: VersionConfiguration, codePath: String?
  ) throws(RollbookError) -> VersionConfiguration {
    var new = old
    for key in unsetProperties {
      guard old.properties[key] != nil || old.secretProperties[key] != nil else {
        throw RollbookError(
          .invalidArgument, "\(name) has no property \(key) to remove.",
          hint: "`rollbook version \(name) N` shows what a version has.")
      }
      new.properties[key] = nil
      new.secretProperties[key] = nil
    }
    if noArgs { new.arguments = [] }
    new = try settings.apply(to: new)
    if let codePath { new.codeName = Files.name(of: trimmed(codePath)) }
    return new
  }
}
#endif
