#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Speak the AWS API (kinesisanalyticsv2), so that the aws command drives Rollbook.",
    discussion: """
      Ends on Ctrl-C or SIGTERM: what is in flight is left at a durable step, and goes on at the next \
      start. Without --credentials it listens on this machine only. docs/AWS-API.md says what every \
      operation does.
      """)

  @Option(
    help: ArgumentHelp("The address to listen on; port 0 picks one.", valueName: "host:port"))
  var listen = "127.0.0.1:8080"

  @Option(
    help: ArgumentHelp(
      "What applications that are created here run on: process or flink.", valueName: "name"))
  var runtime = ProcessSettings.runtime

  @Option(
    name: .customLong("flink-url"),
    help: ArgumentHelp("The cluster that they run on (runtime flink).", valueName: "url"))
  var flinkURL: String?

  @Option(help: ArgumentHelp("The region in ARNs.", valueName: "name"))
  var region = "us-east-1"

  @Option(help: ArgumentHelp("The account in ARNs, 12 digits.", valueName: "number"))
  var account = "000000000000"

  @Option(
    help: ArgumentHelp(
      "The keys that requests are signed with, in the form of ~/.aws/credentials.",
      valueName: "file"))
  var credentials: String?

  @Option(
    name: .customLong("bucket"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A folder that stands for an S3 bucket, as ARN=FOLDER; repeat for more.",
      valueName: "arn=folder"))
  var buckets: [String] = []

  @Option(
    help: ArgumentHelp(
      "How long an application that is created here must run to be RUNNING.",
      valueName: "seconds"))
  var settle: Double?

  @Option(
    help: ArgumentHelp(
      "How long it may take to be RUNNING.", valueName: "seconds"))
  var timeout: Double?

  @Option(
    help: ArgumentHelp(
      "How long after RUNNING a failure still rolls back.", valueName: "seconds"))
  var bake: Double?

  @Option(
    name: .customLong("request-timeout"),
    help: ArgumentHelp("How long a request may take to arrive.", valueName: "seconds"))
  var requestTimeout: Double = 30

  @Option(
    name: .customLong("log-level"),
    help: ArgumentHelp("debug, info, notice, warning or error.", valueName: "level"))
  var logLevel = "info"

  @OptionGroup var home: HomeOptions

  func run() async throws {
    let request = try request()
    guard let serve = Serving.brought else { throw Serving.absent(in: request.home) }
    try await serve(request)
  }

  private func request() throws -> ServeRequest {
    let home = try home.home
    let (host, port) = try address()
    var request = ServeRequest(home: home, host: host, port: port, runtime: runtime)
    request.clusterAddress = try clusterAddress()
    guard account.utf8.count == 12, account.allSatisfy({ ("0"..."9").contains($0) }) else {
      throw RollbookError(.invalidArgument, "--account \(account) is not 12 digits.")
    }
    request.account = account
    request.region = region
    request.credentials = try credentials.map { (path) throws(RollbookError) in
      try HomeOptions.absolute(path)
    }
    for bucket in buckets {
      let parts = bucket.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[0].hasPrefix("arn:") else {
        throw RollbookError(
          .invalidArgument, "--bucket \(bucket) is not ARN=FOLDER.",
          hint: "For example --bucket arn:aws:s3:::my-code=/srv/code.")
      }
      let folder = try HomeOptions.absolute(parts[1])
      guard Files.isFolder(folder) else {
        throw RollbookError(.invalidArgument, "--bucket \(bucket): there is no folder \(folder).")
      }
      request.buckets[parts[0]] = folder
    }
    request.requestTimeout = requestTimeout
    request.settle = settle
    request.timeout = timeout
    request.bake = bake
    request.logLevel = logLevel
    request.programEnvironment = try ProcessSettings.capturedEnvironment
    return request
  }

  private func address() throws(RollbookError) -> (String, Int) {
    let wrong = RollbookError(
      .invalidArgument, "--listen \(listen) is not HOST:PORT.",
      hint: "For example 127.0.0.1:8080, or [::1]:0 for a free port.")
    guard let colon = listen.lastIndex(of: ":"),
      let port = UInt16(listen[listen.index(after: colon)...])
    else { throw wrong }
    var host = String(listen[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { throw wrong }
    return (host, Int(port))
  }

  private func clusterAddress() throws(RollbookError) -> String? {
    switch (runtime, flinkURL) {
    case (ProcessSettings.runtime, nil): return nil
    case (ProcessSettings.runtime, _?):
      throw RollbookError(
        .invalidArgument, "--flink-url has no meaning for processes.", hint: "Add --runtime flink.")
    case ("flink", nil):
      throw RollbookError(
        .invalidArgument, "--runtime flink wants the address of a cluster: --flink-url URL.")
    case ("flink", var address?):
      while address.hasSuffix("/") { address.removeLast() }
      return address
    default:
      throw RollbookError(
        .invalidArgument, "There is no runtime named \(runtime).", hint: "Known: process, flink.")
    }
  }
}
#endif
