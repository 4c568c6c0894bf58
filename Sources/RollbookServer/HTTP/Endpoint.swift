#if Server
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Rollbook

/// Answers HTTP requests: the API, and what machines that look after the server ask.
struct Endpoint: Sendable {
  let calls: Calls
  let guardian: RequestGuard
  let health: Health
  let metrics: Metrics
  let logger: Logger

  func respond(to request: Request, _ context: EndpointContext) async -> Response {
    let id = UUID().uuidString.lowercased()
    let start = ContinuousClock.now
    var log = RequestLog(request, id: id)
    var response: Response
    do throws(WireError) {
      response = try await answer(request, &log)
    } catch {
      log.error = error
      response = Response(
        status: .init(code: error.status), contentType: Calls.contentType,
        JSONWriting(error.body).bytes)
      response.headers[.errorType] = error.code.rawValue
    }
    if !log.isBodyRead && request.hasBody {
      response.headers[.connection] = "close"
      closeSoon(context.channel)
    }
    if let operation = log.operation { metrics.countRequest(operation, error: log.error?.code) }
    response.headers[.requestID] = id
    log.write(to: logger, status: response.status.code, seconds: start.duration(to: .now))
    return response
  }

  private func answer(
    _ request: Request, _ log: inout RequestLog
  ) async throws(WireError) -> Response {
    try guardian.check(request)
    switch (request.method, request.uri.path) {
    case (.get, "/healthz"): return Response(status: .ok, contentType: "text/plain", "ok\n")
    case (.get, "/readyz"):
      try await health.checkReady()
      return Response(status: .ok, contentType: "text/plain", "ready\n")
    case (.get, "/metrics"):
      return Response(
        status: .ok, contentType: "text/plain; version=0.0.4", try await health.metricsText())
    case (.post, _):
      return Response(
        status: .ok, contentType: Calls.contentType, try await calls.answer(request, &log))
    default:
      throw WireError(
        .unknownOperation,
        "There is nothing at \(request.method) \(request.uri.path.prefix(256)): the API is POST /.",
        status: 404)
    }
  }

  /// Whoever was answered before the end of the request may go on sending for ever: that is not waited
  /// for longer than it takes to read the answer.
  private func closeSoon(_ channel: any Channel) {
    channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
  }
}

extension Request {
  /// Whether more may follow its head.
  fileprivate var hasBody: Bool {
    headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false
  }
}

/// What the server knows of a request besides what it holds.
struct EndpointContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

extension HTTPField.Name {
  // The names are well formed: a name that is not would be nil, and the header missing.
  static let target = HTTPField.Name("X-Amz-Target") ?? .contentType
  static let requestID = HTTPField.Name("x-amzn-RequestId") ?? .contentType
  static let errorType = HTTPField.Name("x-amzn-ErrorType") ?? .contentType
}

extension Response {
  fileprivate init(status: HTTPResponse.Status, contentType: String, _ text: String) {
    self.init(status: status, contentType: contentType, Array(text.utf8))
  }

  fileprivate init(status: HTTPResponse.Status, contentType: String, _ bytes: [UInt8]) {
    self.init(
      status: status, headers: [.contentType: contentType],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
#endif
