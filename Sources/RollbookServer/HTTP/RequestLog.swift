#if Server
internal import Hummingbird
internal import Logging

/// One line of the log for each request.
struct RequestLog {
  private let method: String
  private let path: String
  private let id: String
  var operation: String?
  var actor: String?
  var application: String?
  var error: WireError?

  init(_ request: Request, id: String) {
    method = request.method.rawValue
    path = String(request.uri.path.prefix(256))
    self.id = id
  }

  func write(to logger: Logger, status: Int, seconds: Duration) {
    logger.log(
      level: level(status), "request",
      metadata: {
        var metadata: Logger.Metadata = [
          "request": "\(id)", "method": "\(method)", "path": "\(path)", "status": "\(status)",
          "milliseconds": "\(seconds / .milliseconds(1))",
        ]
        if let operation { metadata["operation"] = "\(operation)" }
        if let actor { metadata["actor"] = "\(actor)" }
        if let application { metadata["application"] = "\(application)" }
        if let error { metadata["error"] = "\(error.code.rawValue): \(error.message.prefix(512))" }
        return metadata
      }())
  }

  private func level(_ status: Int) -> Logger.Level {
    if status >= 500 { return .error }
    switch error?.code {
    case .missingAuthentication, .incompleteSignature, .invalidSignature, .unrecognizedClient,
      .accessDenied:
      return .warning
    default: return operation == nil || isReading ? .debug : .info
    }
  }

  /// Those that look come again and again.
  private var isReading: Bool {
    operation?.hasPrefix("Describe") == true || operation?.hasPrefix("List") == true
  }
}
#endif
