#if CommandLine && Server
internal import Logging
internal import Rollbook
internal import RollbookCommands
internal import RollbookServer

/// Serves the AWS API as the command line asked for it.
func serve(_ request: ServeRequest) async throws {
  guard let level = Logger.Level(rawValue: request.logLevel) else {
    throw RollbookError(
      .invalidArgument, "--log-level \(request.logLevel) is not known.",
      hint: "Known: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
  }
  var logger = Logger(label: "rollbook") { StreamLogHandler.standardError(label: $0) }
  logger.logLevel = level
  var settings = ServerSettings(
    host: request.host, port: request.port, runtime: request.runtime,
    region: request.region, account: request.account)
  settings.clusterAddress = request.clusterAddress
  settings.buckets = request.buckets
  settings.programEnvironment = request.programEnvironment
  settings.requestSeconds = request.requestTimeout
  settings.settleSeconds = request.settle
  settings.timeoutSeconds = request.timeout
  settings.bakeSeconds = request.bake
  settings.credentials = try request.credentials.map { (path) throws(RollbookError) in
    try Credentials(file: path)
  }
  // Who may not listen is told so before a home is made.
  try settings.check()
  let metrics = Metrics()
  let journal = try Journal(
    path: request.home.journal, access: .create, clock: { .now() }, probe: metrics.probe)
  let engine = try Engine(home: request.home, journal: journal, runtimes: request.runtimes)
  let server = Server(engine: engine, settings: settings, metrics: metrics, logger: logger)
  let host = request.host.contains(":") ? "[\(request.host)]" : request.host
  try await server.run { port in
    Serving.say("Listening on http://\(host):\(port)")
  }
  journal.close()
}
#endif
