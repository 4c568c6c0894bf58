#if CommandLine
internal import ArgumentParser
internal import Glibc
internal import Rollbook

/// What every verb that changes something takes.
struct ChangeOptions: ParsableArguments, Sendable {
  @OptionGroup var home: HomeOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Who asks, for the journal (default: user@host).", valueName: "name"))
  var actor: String?

  @Option(
    name: [.customShort("m"), .long], parsing: .unconditional,
    help: ArgumentHelp("Why, for the journal.", valueName: "text"))
  var reason: String?

  var requester: Requester {
    Requester(actor: actor ?? ChangeOptions.userAtHost, reason: reason)
  }

  private static var userAtHost: String {
    var name = [CChar](repeating: 0, count: 256)
    let host =
      unsafe gethostname(&name, name.count - 1) == 0
      ? String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      : "localhost"
    return "\(user)@\(host)"
  }

  /// The name of the user whose rights are used: the environment could say anything.
  private static var user: String {
    let id = geteuid()
    var entry = unsafe passwd()
    var found = unsafe UnsafeMutablePointer<passwd>?.none
    var buffer = [CChar](repeating: 0, count: 16384)
    let code = unsafe getpwuid_r(id, &entry, &buffer, buffer.count, &found)
    guard code == 0, let found = unsafe found, let name = unsafe found.pointee.pw_name else {
      return "uid \(id)"
    }
    return unsafe String(cString: name)
  }
}

/// Where a deployment takes its state from.
struct RestoreOptions: ParsableArguments, Sendable {
  @Option(
    help: ArgumentHelp(
      "The state to begin with: `latest`, `none` or the name of a snapshot.",
      valueName: "snapshot"))
  var from: String?

  @Flag(help: "Begin even where a part of the snapshot's state has no place any more.")
  var allowNonRestoredState = false

  var source: RestoreSource? { from.map(RestoreSource.init(argument:)) }
}

extension RestoreSource {
  init(argument: String) {
    switch argument {
    case "latest": self = .latest
    case "none": self = .none
    default: self = .snapshot(name: argument)
    }
  }
}

/// The version that the caller believes to be the current one.
struct VersionCheckOptions: ParsableArguments, Sendable {
  @Option(
    help: ArgumentHelp("Refuse unless this is the current version.", valueName: "version"))
  var ifVersion: Int64?

  func validate() throws {
    if let ifVersion { try checkVersionNumber(ifVersion) }
  }
}

/// - Throws: `ValidationError` for what can be no version.
func checkVersionNumber(_ number: Int64) throws {
  guard ApplicationVersion.validNumbers.contains(number) else {
    throw ValidationError("\(number) is no version: versions go from 1 to 999999999.")
  }
}
#endif
