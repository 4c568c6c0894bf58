#if CommandLine
internal import ArgumentParser
internal import Rollbook

/// The settings of a version, by `create` and `update`.
struct SettingOptions: ParsableArguments, Sendable {
  @Option(
    name: .customLong("arg"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("An argument of the program; repeat for more.", valueName: "arg"))
  var arguments: [String] = []

  @Option(
    name: .customLong("property"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A variable of its environment; repeat for more.", valueName: "key=value"))
  var properties: [String] = []

  @Option(
    name: .customLong("secret-property"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A variable whose value is read from a file at each deployment, and never kept.",
      valueName: "key=@file"))
  var secretProperties: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The highest parallelism it can run at.", valueName: "n"))
  var maxParallelism: Int?

  @Option(help: ArgumentHelp("The class to run (runtime flink).", valueName: "class"))
  var entryClass: String?

  @Option(
    name: .customLong("flink-url"),
    help: ArgumentHelp("The cluster's address (runtime flink).", valueName: "url"))
  var flinkURL: String?

  @Option(
    name: .customLong("flink-trust"),
    help: ArgumentHelp(
      "A file of certificates (PEM) by which its https address is trusted (runtime flink).",
      valueName: "file"))
  var flinkTrust: String?

  @Option(
    name: .customLong("flink-header"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A header of every request to the cluster, its value read from a file (runtime flink); "
        + "repeat for more.",
      valueName: "name=@file"))
  var flinkHeaders: [String] = []

  @Option(
    name: .customLong("savepoint-directory"),
    help: ArgumentHelp(
      "Where its snapshots go, as the cluster sees it (runtime flink; default: the cluster's).",
      valueName: "uri"))
  var savepointDirectory: String?

  @Option(
    help: ArgumentHelp("Refuse to run on anything else, such as FLINK-1_19.", valueName: "name"))
  var runtimeEnvironment: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A shell command that succeeds once the program is ready.", valueName: "cmd"))
  var readyCheck: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long it must run without a stumble to count as RUNNING (default 2).",
      valueName: "seconds"))
  var settle: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long it may take from deployment to RUNNING (default 300).", valueName: "seconds"))
  var timeout: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long an update is watched after RUNNING (default 0).", valueName: "seconds"))
  var bake: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long to wait for a cluster's lost answer (default 60).", valueName: "seconds"))
  var submitGrace: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long it may take to stop before it is killed (default 10).", valueName: "seconds"))
  var stopGrace: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How long a snapshot may take (default 300).", valueName: "seconds"))
  var snapshotTimeout: Double?

  @Flag(inversion: .prefixedNo, help: "Roll back by itself what fails (default: no).")
  var rollback: Bool?

  @Flag(inversion: .prefixedNo, help: "Keep the state over deployments (default: yes).")
  var snapshots: Bool?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("A few words about the application.", valueName: "text"))
  var description: String?
}

extension SettingOptions {
  /// Changes what was named, and keeps the rest.
  func apply(to old: VersionConfiguration) throws(RollbookError) -> VersionConfiguration {
    var new = old
    if !arguments.isEmpty { new.arguments = arguments }
    try applyProperties(to: &new)
    if let maxParallelism { new.maxParallelism = maxParallelism }
    if let entryClass { new.entryClass = entryClass }
    try applyCluster(to: &new)
    if let readyCheck { new.readyCheck = readyCheck.isEmpty ? nil : readyCheck }
    if let settle { new.settleSeconds = try seconds(settle, "settle") }
    if let timeout { new.timeoutSeconds = try seconds(timeout, "timeout") }
    if let bake { new.bakeSeconds = try seconds(bake, "bake") }
    if let submitGrace { new.submitGraceSeconds = try seconds(submitGrace, "submit-grace") }
    if let stopGrace { new.stopGraceSeconds = try seconds(stopGrace, "stop-grace") }
    if let snapshotTimeout {
      new.snapshotTimeoutSeconds = try seconds(snapshotTimeout, "snapshot-timeout")
    }
    if let rollback { new.rollbackEnabled = rollback }
    if let snapshots { new.snapshotsEnabled = snapshots }
    if let description { new.description = description }
    return new
  }

  /// Where and how the cluster is spoken to.
  private func applyCluster(to configuration: inout VersionConfiguration) throws(RollbookError) {
    if let flinkURL {
      var address = flinkURL
      while address.hasSuffix("/") { address.removeLast() }
      configuration.clusterAddress = address
    }
    if let flinkTrust {
      configuration.clusterTrust =
        flinkTrust.isEmpty ? nil : try HomeOptions.absolute(flinkTrust)
    }
    if let savepointDirectory {
      configuration.snapshotDirectory = savepointDirectory.isEmpty ? nil : savepointDirectory
    }
    for text in flinkHeaders {
      let (name, secret) = try secretReference(text, example: "--flink-header NAME=@FILE")
      configuration.clusterHeaders = configuration.clusterHeaders ?? [:]
      configuration.clusterHeaders?[name] = secret
    }
  }

  private func secretReference(
    _ text: String, example: String
  ) throws(RollbookError) -> (String, SecretReference) {
    let (key, value) = try keyAndValue(text, example: example)
    guard value.hasPrefix("@"), value.count > 1 else {
      throw RollbookError(
        .invalidArgument, "The secret \(key) does not name a file.",
        hint: "Write \(example): the value is read from the file, and never kept.")
    }
    let path = try HomeOptions.absolute(String(value.dropFirst()))
    do throws(RollbookError) {
      return (key, try SecretFile.reference(to: path))
    } catch {
      throw RollbookError(
        error.code, "The secret \(key): \(error.message).",
        hint: "Write the value into that file, or name another: \(example).")
    }
  }

  private func applyProperties(
    to configuration: inout VersionConfiguration
  ) throws(RollbookError) {
    for text in properties {
      let (key, value) = try keyAndValue(text, example: "--property NAME=VALUE")
      configuration.properties[key] = value
      configuration.secretProperties[key] = nil
    }
    for text in secretProperties {
      let (key, secret) = try secretReference(text, example: "--secret-property NAME=@FILE")
      configuration.secretProperties[key] = secret
      configuration.properties[key] = nil
    }
    let plain = Set(properties.map { $0.prefix { $0 != "=" } })
    if let both = secretProperties.map({ $0.prefix { $0 != "=" } }).first(where: plain.contains) {
      throw RollbookError(
        .invalidArgument, "The property \(both) is given both openly and as a secret.",
        hint: "Leave --property \(both) out where it is a secret, else --secret-property \(both).")
    }
  }

  private func keyAndValue(
    _ text: String, example: String
  ) throws(RollbookError) -> (String, String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      // The text may hold a secret that was misspelt: it is not repeated.
      throw RollbookError(
        .invalidArgument, "A property has no name or no `=`.", hint: "Write \(example).")
    }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  private func seconds(_ value: Double, _ name: String) throws(RollbookError) -> Double {
    guard (0...31_536_000).contains(value) else {
      throw RollbookError(
        .invalidArgument, "--\(name) \(value.formatted) is not between 0 and a year of seconds.")
    }
    return value
  }

  /// Refuses what has a meaning on another runtime only.
  func check(for runtime: String) throws(RollbookError) {
    guard runtime == ProcessSettings.runtime else { return }
    let named: [(String, Bool)] = [
      ("--entry-class", entryClass != nil), ("--flink-url", flinkURL != nil),
      ("--flink-trust", flinkTrust != nil), ("--flink-header", !flinkHeaders.isEmpty),
      ("--savepoint-directory", savepointDirectory != nil),
      ("--submit-grace", submitGrace != nil),
    ]
    for (name, isNamed) in named where isNamed {
      throw RollbookError(
        .invalidArgument, "\(name) has no meaning on the runtime \(runtime).",
        hint: "Leave it out; `rollbook create --help` lists the settings.")
    }
  }
}
#endif
