#if Server
internal import FoundationEssentials
internal import Hummingbird
public import Logging
internal import NIOCore
public import Rollbook
internal import ServiceLifecycle

/// The endpoint that the AWS tools speak to.
public struct Server: Sendable {
  private let settings: ServerSettings
  private let engine: Engine
  private let metrics: Metrics
  private let logger: Logger

  public init(engine: Engine, settings: ServerSettings, metrics: Metrics, logger: Logger) {
    self.engine = engine
    self.metrics = metrics
    self.settings = settings
    self.logger = logger
  }

  /// Serves until SIGTERM or SIGINT; then accepts nothing new, and leaves what is in flight at a
  /// durable step.
  ///
  /// - Parameter onListening: called with the port once requests are taken.
  /// - Throws: `invalidArgument` for settings under which nobody should listen, `system` where the
  ///   address cannot be listened on.
  public func run(
    onListening: @escaping @Sendable (Int) -> Void
  ) async throws {
    try settings.check()
    // What an earlier server had not brought into the store.
    try? FileTree.remove(settings.stagingFolder)
    try Files.makeFolder(settings.stagingFolder)
    let runner = OperationRunner(engine: engine, metrics: metrics, logger: logger)
    let endpoint = Endpoint(
      api: API(
        engine: engine, settings: settings, model: try ServiceModel.load(), runner: runner),
      guardian: RequestGuard(isLoopbackOnly: settings.credentials == nil),
      authenticator: Authenticator(credentials: settings.credentials), metrics: metrics,
      logger: logger, bodies: BodyReading())
    if settings.credentials == nil {
      logger.warning(
        "no --credentials: every program of this machine may change what runs here")
    }
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        await endpoint.respond(to: request)
      },
      server: .http1(
        configuration: .init(
          idleTimeout: .seconds(60),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port), serverName: "rollbook",
        availableConnectionsDelegate: .maximum(Self.connectionLimit, logger: logger)),
      services: [runner, Settler(engine: engine, control: runner.control, logger: logger)],
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
      logger: logger)
    do {
      try await application.runService()
    } catch let error as IOError {
      throw RollbookError(
        .system,
        "Nothing can listen on \(settings.host):\(settings.port): "
          + Files.errorText(error.errnoCode) + ".",
        hint: "Choose another port with --listen, or 0 for a free one.")
    }
  }

  /// More wait until one of them is done.
  private static let connectionLimit = 1024
}
#endif
