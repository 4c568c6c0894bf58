#if Server
internal import FoundationEssentials
internal import Hummingbird
public import Logging
internal import NIOCore
public import Rollbook
internal import ServiceLifecycle
internal import UnixSignals

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
    let connectionLimit = try Descriptors.connectionLimit()
    let staging = try StagingFolder(in: engine.home)
    defer { staging.remove() }
    let runner = OperationRunner(engine: engine, metrics: metrics, logger: logger)
    let settler = Settler(engine: engine, control: runner.control, logger: logger)
    let calls = Calls(
      api: API(
        engine: engine, settings: settings, model: try ServiceModel.load(),
        staging: staging.path, runner: runner, settler: settler),
      authenticator: Authenticator(credentials: settings.credentials),
      bodies: BodyReading(seconds: settings.requestSeconds),
      memory: AnswerMemory())
    let endpoint = Endpoint(
      calls: calls, guardian: RequestGuard(isLoopbackOnly: settings.credentials == nil),
      health: Health(journal: engine.journal, runner: runner, metrics: metrics), metrics: metrics,
      logger: logger)
    if settings.credentials == nil {
      logger.warning(
        "no --credentials: every program of this machine may change what runs here")
    }
    do {
      try await serviceGroup(endpoint, runner, settler, connectionLimit, onListening).run()
    } catch let error as IOError {
      throw cannotListen(Files.errorText(error.errnoCode))
    } catch let error as SocketAddressError.UnknownHost {
      throw cannotListen("\(error)")
    } catch let error as SocketAddressError {
      throw cannotListen("\(error)")
    }
  }

  private func cannotListen(_ why: String) -> RollbookError {
    RollbookError(
      .system, "Nothing can listen on \(settings.host):\(settings.port): \(why).",
      hint: "Choose another address or port with --listen, or 0 for a free one.")
  }

  private func serviceGroup(
    _ endpoint: Endpoint, _ runner: OperationRunner, _ settler: Settler, _ connectionLimit: Int,
    _ onListening: @escaping @Sendable (Int) -> Void
  ) -> ServiceGroup {
    let seconds = settings.requestSeconds
    let application = Application(
      responder: CallbackResponder<EndpointContext> { request, context in
        await endpoint.respond(to: request, context)
      },
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [SlowReaders(seconds: seconds)],
          idleTimeout: .seconds(60),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port), serverName: "rollbook",
        availableConnectionsDelegate: .maximum(connectionLimit, logger: logger)),
      services: [runner, settler, endpoint.calls.bodies.deadlines],
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
      logger: logger)
    // Services are told to end in the reverse order: first that nothing more is begun, then HTTP, which
    // answers what it has taken.
    var configuration = ServiceGroupConfiguration(
      services: [
        .init(service: application), .init(service: Leaving(runner: runner)),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(Self.endSeconds)
    return ServiceGroup(configuration: configuration)
  }

  /// For requests that were taken before the end; then they are told to leave.
  private static let endSeconds = 20
}

/// Tells the runner to begin nothing more as soon as the server is told to end.
private struct Leaving: Service {
  let runner: OperationRunner

  func run() async throws {
    try await gracefulShutdown()
    runner.leave()
  }
}
#endif
