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
  /// Whether the request was read to its end.
  var isBodyRead = false

  init(_ request: Request, id: String) {
    method = request.method.rawValue
    path = request.uri.path.harmlessLine
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
        if let error { metadata["error"] = "\(error.code.rawValue)\(told(error))" }
        return metadata
      }())
  }

  /// What an error says; not of values that were never checked: they are anybody's text.
  private func told(_ error: WireError) -> String {
    switch error.code {
    case .validation, .serialization, .unknownOperation: return ""
    default: return ": " + error.message.harmlessLine
    }
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

extension String {
  /// One line of at most 512 characters, whatever it holds.
  var harmlessLine: String {
    var line = String.UnicodeScalarView()
    for scalar in unicodeScalars.prefix(512) {
      switch scalar.properties.generalCategory {
      // Ends of lines, and what turns the direction of writing.
      case .control, .lineSeparator, .paragraphSeparator, .format: line.append("\u{FFFD}")
      default: line.append(scalar)
      }
    }
    return String(line)
  }
}
#endif
