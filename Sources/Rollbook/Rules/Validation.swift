/// What a request may hold, checked before anything is written.
public enum Validation {
  /// `[a-zA-Z0-9_.-]{1,128}`; source: the AWS API's ApplicationName.
  public static func name(_ name: String) throws(RollbookError) {
    guard isPlain(name), (1...128).contains(name.utf8.count) else {
      throw RollbookError(
        .invalidArgument, "\"\(name)\" is no name for an application.",
        hint: "A name has 1 to 128 letters, digits, dots, dashes and underscores.")
    }
  }

  public static func snapshotName(_ name: String) throws(RollbookError) {
    guard isPlain(name), (1...Snapshot.nameLimit).contains(name.utf8.count) else {
      throw RollbookError(
        .invalidArgument, "\"\(name)\" is no name for a snapshot.",
        hint: "A name has 1 to 256 letters, digits, dots, dashes and underscores.")
    }
    for prefix in ["auto-v", "left-v", "manual-v"] where name.hasPrefix(prefix) {
      throw RollbookError(
        .invalidArgument, "Names that begin with \(prefix) are given by Rollbook itself.",
        hint: "Choose another name for the snapshot.")
    }
  }

  public static func parallelism(_ parallelism: Int) throws(RollbookError) {
    guard (1...32768).contains(parallelism) else {
      throw RollbookError(
        .invalidArgument, "Parallelism \(parallelism) is not between 1 and 32768.",
        hint: "`rollbook stop` is what ends every instance.")
    }
  }

  public static func configuration(
    _ configuration: VersionConfiguration
  ) throws(RollbookError) {
    for key in configuration.properties.keys { try property(key) }
    for key in configuration.secretProperties.keys { try property(key) }
    if let maximum = configuration.maxParallelism { try parallelism(maximum) }
    let seconds = [
      ("settle", configuration.settleSeconds), ("timeout", configuration.timeoutSeconds),
      ("bake", configuration.bakeSeconds), ("submit-grace", configuration.submitGraceSeconds),
    ]
    for (name, value) in seconds where !(0...31_536_000).contains(value) {
      throw RollbookError(
        .invalidArgument, "--\(name) \(value.formatted) is not between 0 and a year of seconds.")
    }
    let timeout = configuration.timeoutSeconds
    let settle = configuration.settleSeconds
    guard timeout > settle else {
      throw RollbookError(
        .invalidArgument,
        "--timeout \(timeout.formatted) is not greater than --settle \(settle.formatted): nothing "
          + "could ever be RUNNING in time.",
        hint: "The timeout runs from the deployment to RUNNING, which is at the end of the settle "
          + "window.")
    }
    guard configuration.description.utf8.count <= 1024 else {
      throw RollbookError(.invalidArgument, "The description is longer than 1024 bytes.")
    }
  }

  static func runtimeEnvironment(
    _ found: String, expected: String?
  ) throws(RollbookError) {
    guard let expected, expected != found else { return }
    throw RollbookError(
      .invalidArgument, "It would run on \(found), not on \(expected).",
      hint: "Name another place to run, or leave --runtime-environment out.")
  }

  private static func property(_ key: String) throws(RollbookError) {
    let isVisible = key.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control: false
      default: true
      }
    }
    guard !key.isEmpty, isVisible, !key.utf8.contains(UInt8(ascii: "=")) else {
      throw RollbookError(
        .invalidArgument, "\"\(key)\" is no name for a property.",
        hint: "Write --property NAME=VALUE; a name has no spaces.")
    }
    guard !key.hasPrefix("ROLLBOOK_") else {
      throw RollbookError(
        .invalidArgument, "The property \(key) cannot be set: ROLLBOOK_ names are Rollbook's own.",
        hint: "Choose another name; `rollbook version` shows what is set.")
    }
  }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }
}
