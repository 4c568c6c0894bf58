import Hummingbird

/// A route that returns a constant: what Hummingbird itself costs.
///
/// Arguments: the port, and the size of the answer in bytes.
let port = Int(CommandLine.arguments[1]) ?? 0
let size = Int(CommandLine.arguments[2]) ?? 0
let answer = ByteBuffer(repeating: UInt8(ascii: "x"), count: size)
let router = Router()
router.post("/") { request, _ in
  _ = try await request.body.collect(upTo: 1 << 20)
  return Response(
    status: .ok, headers: [.contentType: "application/x-amz-json-1.1"],
    body: .init(byteBuffer: answer))
}
let application = Application(
  router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
try await application.runService()
