#if Server
import Rollbook
import Testing

@testable import RollbookServer

/// Who a request is from.
@Suite struct SignatureTests {
  private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

  @Test func `the published example has the published signature`() throws {
    // Source: AWS Signature Version 4 test suite, get-vanilla.
    let request = SignedRequest(
      method: "GET", target: "/",
      headers: [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")], body: [])
    let authorization = try Authorization(
      header: """
        AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
        SignedHeaders=host;x-amz-date, Signature=x
        """)
    #expect(
      SignatureV4.signature(
        of: request, by: authorization, secret: Self.secret, time: "20150830T123600Z")
        == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
  }

  // MARK: Requests

  private let now = Timestamp(basicISO: "20261126T034500Z") ?? .now()

  private func authenticator() throws -> Authenticator {
    let text = "[ada]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = \(Self.secret)\n"
    return Authenticator(credentials: try Credentials(text: text, path: "file"))
  }

  private func signed(
    _ body: String = "{}", at time: String = "20261126T034500Z", key: String = "AKIDEXAMPLE",
    secret: String = SignatureTests.secret, service: String = "kinesisanalytics",
    headers names: String = "content-type;host;x-amz-date;x-amz-target"
  ) throws -> SignedRequest {
    var request = SignedRequest(
      method: "POST", target: "/",
      headers: [
        ("content-type", "application/x-amz-json-1.1"), ("host", "127.0.0.1:8080"),
        ("x-amz-date", time), ("x-amz-target", "KinesisAnalytics_20180523.ListApplications"),
      ], body: Array(body.utf8))
    let scope = "\(key)/\(time.prefix(8))/eu-west-3/\(service)/aws4_request"
    let header = "AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=\(names), Signature="
    let signature = SignatureV4.signature(
      of: request, by: try Authorization(header: header + "x"), secret: secret, time: time)
    request.headers.append(("authorization", header + signature))
    return request
  }

  private func code(_ request: SignedRequest, at time: Timestamp? = nil) throws -> WireError.Code? {
    let authenticator = try authenticator()
    do throws(WireError) {
      _ = try authenticator.actor(of: request, now: time ?? now)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func `the actor is the key, of whichever region`() throws {
    #expect(try authenticator().actor(of: try signed(), now: now) == "AKIDEXAMPLE")
  }

  @Test func `what is changed on the way is refused`() throws {
    var request = try signed()
    request.body = Array("{\"Limit\":1}".utf8)
    #expect(try code(request) == .invalidSignature)
    for index in 0..<4 {
      var request = try signed()
      request.headers[index].value += "x"
      // A changed time is no time any more, and refused as such.
      #expect(try code(request) == .invalidSignature, "\(request.headers[index].name)")
    }
    var path = try signed()
    path.target = "/other"
    #expect(try code(path) == .invalidSignature)
    var method = try signed()
    method.method = "PUT"
    #expect(try code(method) == .invalidSignature)
  }

  @Test func `exactly the signed headers count`() throws {
    var request = try signed()
    request.headers.append(("x-other", "anything"))
    #expect(try code(request) == nil)
    // A second value of a signed header is part of it.
    request.headers.append(("x-amz-target", "KinesisAnalytics_20180523.DeleteApplication"))
    #expect(try code(request) == .invalidSignature)
  }

  @Test func `a signed header that is gone is missed, an empty one too`() throws {
    var request = try signed(headers: "host;x-amz-date;x-amz-target;x-empty")
    #expect(try code(request) == .incompleteSignature)
    request.headers.append(("x-empty", ""))
    #expect(try code(request) == nil)
  }

  @Test func `a second Authorization is refused, and so is a part that is named twice`() throws {
    var request = try signed()
    let header = request.headers[4].value
    request.headers.append(("authorization", header))
    #expect(try code(request) == .incompleteSignature)
    var twice = try signed()
    twice.headers[4].value = header.replacing("Signature=", with: "Signature=x, Signature=")
    #expect(try code(twice) == .incompleteSignature)
  }

  @Test func `a key is its bytes`() throws {
    // To Swift the sign of the Kelvin is the letter K.
    #expect(try code(try signed(key: "A\u{212A}IDEXAMPLE")) == .unrecognizedClient)
  }

  @Test func `a query is sorted and split by its bytes`() throws {
    func canonical(_ query: String) -> String {
      let request = SignedRequest(method: "GET", target: "/?" + query, headers: [], body: [])
      return String(SignatureV4.canonical(request, []).split(separator: "\n")[2])
    }
    #expect(canonical("b=2&a=1&c") == "a=1&b=2&c=")
    #expect(canonical("b&\u{301}a=1").utf8.elementsEqual("b=&\u{301}a=1".utf8))
    #expect(canonical("\u{e9}=1&e\u{301}=2").utf8.elementsEqual("e\u{301}=2&\u{e9}=1".utf8))
  }

  @Test func `blanks around and within a header's value do not count`() throws {
    var request = try signed()
    request.headers[0].value = "  application/x-amz-json-1.1\t"
    #expect(try code(request) == nil)
  }

  @Test(arguments: [(-300, true), (-301, false), (300, true), (301, false)])
  func `a request is good for five minutes`(seconds: Int, isGood: Bool) throws {
    let time = now.advanced(bySeconds: Double(seconds))
    #expect(try code(try signed(), at: time) == (isGood ? nil : .invalidSignature))
  }

  @Test func `keys and secrets that are not known are refused`() throws {
    #expect(try code(try signed(key: "AKIDOTHER")) == .unrecognizedClient)
    #expect(try code(try signed(secret: "other")) == .invalidSignature)
    #expect(try code(try signed(service: "kinesisanalyticsv2")) == .invalidSignature)
  }

  @Test func `the host, the time and the operation must be signed`() throws {
    for names in [
      "content-type;x-amz-date;x-amz-target", "host;x-amz-target", "content-type;host;x-amz-date",
      "x-amz-target;x-amz-date;host",
    ] {
      #expect(try code(try signed(headers: names)) == .incompleteSignature, "\(names)")
    }
  }

  @Test(arguments: [
    "", "Basic abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a",
    "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=x",
    "AWS4-HMAC-SHA256 Credential=a/20261126/r/s/other, SignedHeaders=host, Signature=x",
  ])
  func `headers in another form are incomplete`(header: String) throws {
    var request = try signed()
    request.headers[4].value = header
    #expect(try code(request) == .incompleteSignature)
  }

  @Test func `without a signature nobody is anybody`() throws {
    var request = try signed()
    request.headers.removeLast()
    #expect(try code(request) == .missingAuthentication)
    let open = Authenticator(credentials: nil)
    #expect(try open.actor(of: request, now: now) == "unverified")
    #expect(try open.actor(of: try signed(secret: "any"), now: now) == "AKIDEXAMPLE (unverified)")
    // What could steer a terminal, or look like more of a line, is nobody's key.
    for odd in ["A\u{9B}31m", "A\u{2028}B", "A=B"] {
      var forged = try signed(secret: "any")
      forged.headers = forged.headers.map {
        ($0.name, $0.value.replacing("AKIDEXAMPLE", with: odd))
      }
      #expect(try open.actor(of: forged, now: now) == "unverified", "\(odd)")
    }
  }

  @Test func `signed in the header and in the query is signed too often`() throws {
    var request = try signed()
    request.target = "/?X-Amz-Signature=abc"
    #expect(try code(request) == .invalidSignature)
  }

  @Test(arguments: [
    "19700101T000000Z", "20240229T235959Z", "20261126T034500Z",
  ])
  func `times are read`(text: String) throws {
    let time = try #require(Timestamp(basicISO: text))
    let iso = time.description
    #expect(iso.filter { !"-:.".contains($0) }.prefix(15) == text.prefix(15))
  }

  @Test(arguments: ["", "20261126", "20261326T000000Z", "20261126T240000Z", "2026112601234567"])
  func `what is no time is none`(text: String) { #expect(Timestamp(basicISO: text) == nil) }

  // MARK: The file of keys

  @Test func `a file like that of the AWS tools is read`() throws {
    let credentials = try Credentials(
      text: """
        # keys
        [ada]
        aws_access_key_id=A
        aws_secret_access_key = s=1
        region = us-east-1

        [bob]
        aws_access_key_id = B
        aws_secret_access_key = t
        """, path: "file")
    #expect(credentials.secrets == ["A": "s=1", "B": "t"])
    let foreign = try Credentials(
      text: "[a]\r\naws_access_key_id = A\r\naws_secret_access_key = s\r\n", path: "file")
    #expect(foreign.secrets == ["A": "s"])
  }

  @Test(arguments: [
    "", "[ada]", "[ada]\naws_access_key_id = A", "[ada]\naws_secret_access_key = s", "nonsense",
    "[a]\naws_access_key_id = A\n[b]\naws_secret_access_key = s",
  ])
  func `a file without a whole key is refused`(text: String) {
    #expect(throws: RollbookError.self) { try Credentials(text: text, path: "file") }
  }

  @Test(arguments: [
    "127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]", "[::1]:8080", "127.9.9.9",
  ])
  func `names of this machine are let in`(host: String) { #expect(RequestGuard.isLoopback(host)) }

  @Test(arguments: [
    "", "example.com", "127.0.0.1.example.com", "localhost.example.com", "127.0.0.1:80:80", "[::2]",
    "[::1]x", "127.0.0", "127.0.0.256", "0.0.0.0", "localhost:", "[::1]:x", "+127.0.0.1",
    "127.0.0.1@example.com", "127.0.0.1:8\u{301}",
  ])
  func `other names are not`(host: String) { #expect(!RequestGuard.isLoopback(host)) }
}
#endif
