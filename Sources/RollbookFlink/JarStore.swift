#if Flink
internal import AsyncHTTPClient
internal import Dispatch
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import Rollbook

/// The jars on a cluster: each uploaded once, under its digest as its name.
struct JarStore: Sendable {
  let cluster: Cluster

  /// The cluster's id of a jar, which is uploaded where it is not there.
  ///
  /// - Parameters:
  ///   - path: the jar, in the artifact store.
  ///   - digest: what its bytes are.
  ///   - seconds: how long an upload may take.
  /// - Throws: `.unreachable`; `.ended` where the cluster refuses it.
  func id(
    of path: String, digest: String, within seconds: Double
  ) async throws(RuntimeFailure) -> String {
    let name = digest + ".jar"
    if let known = try await find({ $0.name == name }) { return known.id }
    let id = try await upload(path, as: name, within: seconds)
    guard try await find({ $0.id == id }) != nil else {
      throw RuntimeFailure(
        .ended, rootCause: "the cluster has taken the jar and does not have it",
        text: "\(cluster.address) answered the upload with \(id), which is not among its jars.")
    }
    return id
  }

  /// A cluster that answers, and does not take a jar, is no outage: waiting would not help.
  private func uploading(
    _ body: () async throws(Cluster.Silence) -> Cluster.Answer
  ) async throws(RuntimeFailure) -> Cluster.Answer {
    do throws(Cluster.Silence) {
      return try await body()
    } catch {
      let silence = error
      _ = try await reaching { () throws(Cluster.Silence) in try await cluster.settings() }
      throw RuntimeFailure(
        .ended, rootCause: "the jar could not be uploaded: \(silence.reason)",
        text: "The cluster answers, and the upload did not come to its end.")
    }
  }

  private func find(
    _ isWanted: (ClusterAnswers.Jars.File) -> Bool
  ) async throws(RuntimeFailure) -> ClusterAnswers.Jars.File? {
    let jars = try await reaching { () throws(Cluster.Silence) in
      try await cluster.get("/jars", as: ClusterAnswers.Jars.self)
    }
    return jars?.files.first(where: isWanted)
  }

  private func upload(
    _ path: String, as name: String, within seconds: Double
  ) async throws(RuntimeFailure) -> String {
    let answer = try await uploading { () throws(Cluster.Silence) in
      let form = try MultipartFile(path: path, name: name)
      return try await cluster.send(
        .POST, "/jars/upload", body: .stream(form, length: .known(form.length)),
        type: form.contentType, seconds: seconds)
    }
    guard answer.isSuccess else {
      throw RuntimeFailure(.ended, answer, whileDoing: "uploading the jar")
    }
    let stored = try await reaching { () throws(Cluster.Silence) in
      try answer.decode(ClusterAnswers.Upload.self).filename
    }
    return String(stored.split(separator: "/").last ?? "")
  }
}

/// A file as the one part of a form; source: RFC 7578.
private struct MultipartFile: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  let contentType: String
  let length: Int64
  private let path: String
  private let head: [UInt8]
  private let tail: [UInt8]

  init(path: String, name: String) throws(Cluster.Silence) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      throw Cluster.Silence(reason: "the jar \(path) cannot be read: \(Files.errorText(errno))")
    }
    let boundary = "rollbook-\(GenerationToken.random())"
    self.path = path
    contentType = "multipart/form-data; boundary=\(boundary)"
    head = Array(
      """
      --\(boundary)\r
      Content-Disposition: form-data; name="jarfile"; filename="\(name)"\r
      Content-Type: application/x-java-archive\r
      \r

      """.utf8)
    tail = Array("\r\n--\(boundary)--\r\n".utf8)
    length = Int64(head.count + tail.count) + Int64(status.st_size)
  }

  func makeAsyncIterator() -> Iterator { Iterator(path: path, head: head, tail: tail) }

  struct Iterator: AsyncIteratorProtocol {
    private enum Part {
      case head
      case file(offset: Int64)
      case nothing
    }

    let path: String
    let head: [UInt8]
    let tail: [UInt8]
    private var part = Part.head
    private let reading = DispatchQueue(label: "rollbook.flink.upload")

    init(path: String, head: [UInt8], tail: [UInt8]) {
      self.path = path
      self.head = head
      self.tail = tail
    }

    mutating func next() async throws -> ByteBuffer? {
      switch part {
      case .head:
        part = .file(offset: 0)
        return ByteBuffer(bytes: head)
      case .file(let offset):
        let path = path
        let bytes = try await offPool(on: reading) { () throws(RollbookError) in
          try Self.chunk(of: path, from: offset)
        }
        if bytes.isEmpty {
          part = .nothing
          return ByteBuffer(bytes: tail)
        }
        part = .file(offset: offset + Int64(bytes.count))
        return ByteBuffer(bytes: bytes)
      case .nothing: return nil
      }
    }

    private static func chunk(
      of path: String, from offset: Int64
    ) throws(RollbookError) -> [UInt8] {
      guard let file = try Files.openIfThere(path) else {
        throw RollbookError(.artifactUnusable, "the jar \(path) is gone")
      }
      lseek(file.raw, off_t(offset), SEEK_SET)
      var buffer = [UInt8](repeating: 0, count: 1 << 18)
      let count = try file.read(into: &buffer, path: path)
      return Array(buffer[..<count])
    }
  }
}
#endif
