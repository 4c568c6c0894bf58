#if Server
/// An error as the service answers it.
struct WireError: Error, Equatable {
  enum Code: String, Sendable, CaseIterable {
    // The service's own; source: the published model.
    case codeValidation = "CodeValidationException"
    case concurrentModification = "ConcurrentModificationException"
    case invalidApplicationConfiguration = "InvalidApplicationConfigurationException"
    case invalidArgument = "InvalidArgumentException"
    case invalidRequest = "InvalidRequestException"
    case limitExceeded = "LimitExceededException"
    case resourceInUse = "ResourceInUseException"
    case resourceNotFound = "ResourceNotFoundException"
    case serviceUnavailable = "ServiceUnavailableException"
    case tooManyTags = "TooManyTagsException"
    case unsupportedOperation = "UnsupportedOperationException"
    // Those of the framework that all services of this protocol are built on.
    case accessDenied = "AccessDeniedException"
    case incompleteSignature = "IncompleteSignatureException"
    case internalFailure = "InternalFailure"
    case invalidSignature = "InvalidSignatureException"
    case missingAuthentication = "MissingAuthenticationTokenException"
    case requestTimeout = "RequestTimeoutException"
    case serialization = "SerializationException"
    case tooLarge = "RequestEntityTooLargeException"
    case unknownOperation = "UnknownOperationException"
    case unrecognizedClient = "UnrecognizedClientException"
    case validation = "ValidationException"
  }

  let code: Code
  let message: String
  /// 400 for everything that the caller can mend, as the service does, where HTTP has no better word
  /// for what never reached the service.
  let status: Int

  /// - Parameter status: nil for the code's own.
  init(_ code: Code, _ message: String, status: Int? = nil) {
    self.code = code
    self.message = message
    self.status = status ?? WireError.status(of: code)
  }

  private static func status(of code: Code) -> Int {
    switch code {
    case .serviceUnavailable: 503
    case .internalFailure: 500
    case .tooLarge: 413
    case .requestTimeout: 408
    case .accessDenied: 403
    default: 400
    }
  }

  /// The service's own exceptions carry `Message`, TooManyTagsException and the framework's `message`.
  private var memberName: String {
    switch code {
    case .codeValidation, .concurrentModification, .invalidApplicationConfiguration,
      .invalidArgument, .invalidRequest, .limitExceeded, .resourceInUse, .resourceNotFound,
      .serviceUnavailable, .unsupportedOperation:
      "Message"
    default: "message"
    }
  }

  var body: JSONValue {
    .object(["__type": .string(code.rawValue), memberName: .string(message)])
  }
}
#endif
