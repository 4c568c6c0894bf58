#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct VersionVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "One version: its code and its settings.")

  @Argument(help: "The application's name.") var name: String
  @Argument(help: "The version.") var version: Int64
  @OptionGroup var options: ReadOptions

  func validate() throws { try checkVersionNumber(version) }

  func run() throws {
    let session = try ReadSession(options.home)
    let state = try session.state(of: name)
    let found = try session.version(version, of: state)
    try options.answer.one("ApplicationVersionDetail", VersionDetail(state, found)) {
      VersionVerb.factSheet(found, state).render(for: .output)
    }
  }

  private static func factSheet(
    _ version: ApplicationVersion, _ state: ApplicationState
  ) -> FactSheet {
    let configuration = version.configuration
    var sheet = FactSheet()
    sheet.add("NAME", state.application.name)
    let isCurrent = version.version == state.version
    sheet.add("VERSION", "\(version.version)" + (isCurrent ? " (current)" : ""))
    sheet.add("CREATED", "\(version.createdAt.short), by operation \(version.operation)")
    sheet.add("DESCRIPTION", configuration.description)
    sheet.add("RUNS ON", "\(state.application.runtime) (\(version.runtimeEnvironment))")
    sheet.add("CODE", configuration.codeName)
    sheet.add("ARTIFACT", version.artifact)
    sheet.add("ARGUMENTS", argumentsText(configuration.arguments))
    for (key, value) in configuration.properties.sorted(by: { $0.key < $1.key }) {
      sheet.add("PROPERTY", "\(key)=\(value)")
    }
    for (key, secret) in configuration.secretProperties.sorted(by: { $0.key < $1.key }) {
      sheet.add("SECRET", "\(key)=@\(secret.path) (SHA-256 \(secret.digest.prefix(12)))")
    }
    for (key, value) in configuration.environment.sorted(by: { $0.key < $1.key }) {
      sheet.add("ENVIRONMENT", "\(key)=\(value)")
    }
    sheet.add("MAX PARALLELISM", configuration.maxParallelism.map(String.init))
    sheet.add("ENTRY CLASS", configuration.entryClass)
    sheet.add("CLUSTER", configuration.clusterAddress)
    sheet.add("TRUST", configuration.clusterTrust)
    for (name, secret) in (configuration.clusterHeaders ?? [:]).sorted(by: { $0.key < $1.key }) {
      sheet.add("HEADER", "\(name)=@\(secret.path) (SHA-256 \(secret.digest.prefix(12)))")
    }
    sheet.add("SAVEPOINTS", configuration.snapshotDirectory)
    sheet.add("READY CHECK", configuration.readyCheck)
    sheet.add("SETTLE", "\(configuration.settleSeconds.formatted) s")
    sheet.add("TIMEOUT", "\(configuration.timeoutSeconds.formatted) s")
    sheet.add("BAKE", "\(configuration.bakeSeconds.formatted) s")
    sheet.add("STOP GRACE", "\(configuration.stopGraceSeconds.formatted) s")
    sheet.add("ROLLBACK", configuration.rollbackEnabled ? "by itself" : "on request only")
    sheet.add("SNAPSHOTS", configuration.snapshotsEnabled ? "enabled" : "disabled")
    return sheet
  }
}

extension ReadSession {
  func version(
    _ number: Int64, of state: ApplicationState
  ) throws(RollbookError) -> ApplicationVersion {
    let found = try read { (reader) throws(RollbookError) in
      try reader.version(number, of: state.application.id)
    }
    guard let found else {
      let name = state.application.name
      throw RollbookError(
        .notFound, "\(name) has no version \(number).",
        hint: "`rollbook versions \(name)` lists them.")
    }
    return found
  }
}
#endif
