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
  /// - Throws: `.unreachable`; `.ended` where the cluster refuses it.
  func id(of path: String, digest: String) async throws(RuntimeFailure) -> String {
    let name = digest + ".jar"
    do throws(Cluster.Silence) {
      let jars = try await cluster.get("/jars", as: ClusterAnswers.Jars.self)
      if let known = jars?.files.first(where: { $0.name == name }) { return known.id }
    } catch {
      throw error.failure
    }
    return try await upload(path, as: name)
  }

  private func upload(_ path: String, as name: String) async throws(RuntimeFailure) -> String {
    let answer: Cluster.Answer
    do throws(Cluster.Silence) {
      let form = try MultipartFile(path: path, name: name)
      answer = try await cluster.send(
        .POST, "/jars/upload", body: .stream(form, length: .known(form.length)),
        type: form.contentType, seconds: 600)
    } catch {
      throw error.failure
    }
    guard answer.isSuccess else {
      throw RuntimeFailure(.ended, answer, whileDoing: "uploading the jar")
    }
    do throws(Cluster.Silence) {
      let stored = try answer.decode(ClusterAnswers.Upload.self).filename
      return String(stored.split(separator: "/").last ?? "")
    } catch {
      throw error.failure
    }
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
