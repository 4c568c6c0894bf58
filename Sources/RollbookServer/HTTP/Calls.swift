#if Server
internal import HTTPTypes
internal import Hummingbird
internal import Rollbook

/// Calls of the API, from a request to its answer.
struct Calls: Sendable {
  let api: API
  let authenticator: Authenticator
  let bodies: BodyReading
  let memory: AnswerMemory

  static let contentType = "application/x-amz-json-1.1"

  /// What a request asks, as far as its head tells.
  private struct Head {
    let target: String
    let operation: String
    /// Nil for an operation that there is not.
    let shape: String?
  }

  func answer(
    _ request: Request, _ log: inout RequestLog
  ) async throws(WireError) -> [UInt8] {
    let head = try head(of: request)
    let mayHoldCode = head.operation == "CreateApplication" || head.operation == "UpdateApplication"
    let limit = mayHoldCode ? BodyReading.codeLimit : BodyReading.plainLimit
    let turn = try await bodies.turn(for: request, limit: limit)
    // What the body takes is taken until the call is answered.
    defer { turn.end() }
    let body = try await bodies.read(request, limit: limit)
    log.isBodyRead = true
    // Who asks is of no account where anybody may and the answer is known.
    if authenticator.credentials != nil { log.actor = try actor(of: request, body) }
    guard head.shape != nil, AnswerMemory.keeps(head.operation, body) else {
      return try await answer(request, head, body, &log)
    }
    let mark = try await mark()
    let question = AnswerMemory.Request(operation: head.operation, body: body)
    if let known = memory.answer(to: question, at: mark) {
      log.operation = head.operation
      return known
    }
    let bytes = try await answer(request, head, body, &log)
    memory.keep(bytes, for: question, at: mark)
    return bytes
  }

  /// Whose key is not known, or too old, is told before anything of the body is read.
  private func head(of request: Request) throws(WireError) -> Head {
    guard RequestGuard.mediaType(of: request) == Self.contentType else {
      throw WireError(
        .unknownOperation, "The content type of a call is \(Self.contentType).", status: 404)
    }
    let target = request.headers[.target] ?? ""
    let prefix = api.model.target + "."
    let operation = target.hasPrefix(prefix) ? String(target.dropFirst(prefix.count)) : ""
    if authenticator.credentials != nil {
      _ = try authenticator.claim(of: request.signed([]), now: .now())
    }
    return Head(target: target, operation: operation, shape: api.model.operations[operation])
  }

  private func actor(of request: Request, _ body: [UInt8]) throws(WireError) -> String {
    try authenticator.actor(of: request.signed(body), now: .now())
  }

  /// The order of the checks is the service's own: the form, the operation, who asks (with keys that was
  /// looked at before), the types, the constraints; then what the request means.
  private func answer(
    _ request: Request, _ head: Head, _ body: [UInt8], _ log: inout RequestLog
  ) async throws(WireError) -> [UInt8] {
    let parsed = try JSONValue(parsingRequest: body)
    guard let shape = head.shape else {
      throw WireError(.unknownOperation, "There is no operation \(head.target.prefix(256)).")
    }
    log.operation = head.operation
    let actor: String
    if let known = log.actor { actor = known } else { actor = try self.actor(of: request, body) }
    log.actor = actor
    let input = try api.model.input(parsed, as: shape)
    log.application = input["ApplicationName"]?.string
    return JSONWriting(
      try await api.answer(Call(operation: head.operation, input: input, actor: actor))
    ).bytes
  }

  private func mark() async throws(WireError) -> ChangeMark {
    do throws(RollbookError) {
      return try await api.journal.changeMark()
    } catch {
      throw WireError(error, in: "")
    }
  }
}

extension Request {
  /// What of it a signature is about.
  fileprivate func signed(_ body: [UInt8]) -> SignedRequest {
    var headers = headers.map { (name: $0.name.canonicalName, value: $0.value) }
    // HTTPTypes keeps the host apart from the other headers.
    if let host = head.authority { headers.append((name: "host", value: host)) }
    return SignedRequest(
      method: method.rawValue, target: head.path ?? "/", headers: headers, body: body)
  }
}
#endif
