#if Server
internal import Crypto
internal import FoundationEssentials
internal import Rollbook

/// Code of a request as a file or a folder of its own, until it is in the artifact store.
struct StagedCode: Sendable {
  let path: String
  let name: String
  let source: ServiceSettings.CodeSource
  fileprivate let folder: String

  func remove() { try? FileTree.remove(folder) }
}

/// Brings code from a request, or from a folder that stands for a bucket, into a folder of ours.
struct CodeStaging: Sendable {
  /// Where staged code is.
  let folder: String
  /// Whether archives are unpacked: Flink takes jars as they are.
  let unpacks: Bool

  /// Source: the service's documentation of its quotas, for an object in a bucket.
  static let sizeLimit = 512 << 20

  private static let work = FileWork()

  /// - Throws: `invalidArgument` where there is no such code, or no program in it.
  func stage(_ location: CodeLocation) async throws(RollbookError) -> StagedCode {
    try await offPool(on: Self.work) { () throws(RollbookError) in
      try blockingStage(location)
    }
  }

  private func blockingStage(_ location: CodeLocation) throws(RollbookError) -> StagedCode {
    let bytes: [UInt8]
    let name: String
    switch location.place {
    case .inline(let text):
      guard let data = Data(base64Encoded: text) else {
        throw RollbookError(.invalidArgument, "ZipFileContent is not base64.")
      }
      bytes = [UInt8](data)
      name = unpacks ? "code" : "code.jar"
    case .object(let folder, let bucket, let key, _):
      let path = try Bucket(folder: folder, arn: bucket).path(of: key)
      guard let found = try Files.read(path, limit: Self.sizeLimit + 1) else {
        throw RollbookError(.invalidArgument, "There is no object \(key) in \(bucket).")
      }
      guard found.count <= Self.sizeLimit else {
        throw RollbookError(
          .invalidArgument, "The object \(key) is larger than \(Self.sizeLimit) bytes.")
      }
      bytes = found
      name = Files.name(of: key)
    }
    var source = ServiceSettings.CodeSource(
      contentType: location.contentType, md5: Self.md5(bytes), size: Int64(bytes.count))
    if case .object(_, let bucket, let key, let version) = location.place {
      source.bucket = bucket
      source.key = key
      source.objectVersion = version
    }
    return try write(bytes, name, source)
  }

  private func write(
    _ bytes: [UInt8], _ name: String, _ source: ServiceSettings.CodeSource
  ) throws(RollbookError) -> StagedCode {
    let own = "\(folder)/\(GenerationToken.random())"
    try Files.makeFolder(own)
    let path = "\(own)/code"
    do throws(RollbookError) {
      if unpacks && ZipArchive.isArchive(bytes) {
        try ZipArchive(bytes).unpack(into: path)
      } else {
        try Files.write(bytes, to: path)
        try Files.makeExecutable(path)
      }
    } catch {
      try? FileTree.remove(own)
      throw error
    }
    return StagedCode(path: path, name: name, source: source, folder: own)
  }

  private static func md5(_ bytes: [UInt8]) -> String {
    Insecure.MD5.hash(data: bytes).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

/// A folder that stands for a bucket.
struct Bucket {
  let folder: String
  let arn: String

  /// Where an object is.
  ///
  /// - Throws: `invalidArgument` for a key that leads out of the folder, by its words or by a link.
  func path(of key: String) throws(RollbookError) -> String {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    let missing = RollbookError(.invalidArgument, "There is no object \(key) in \(arn).")
    guard isPlain, let root = Files.realPath(folder),
      let path = Files.realPath("\(root)/\(key)"), path.hasPrefix(root + "/"), Files.isFile(path)
    else { throw missing }
    return path
  }
}
#endif
