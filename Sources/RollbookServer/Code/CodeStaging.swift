#if Server
internal import Crypto
internal import Rollbook

internal import struct FoundationEssentials.Data

/// Code of a request as a file or a folder of its own, until it is in the artifact store.
struct StagedCode: Sendable {
  let path: String
  let name: String
  let source: ServiceSettings.CodeSource
  fileprivate let folder: String

  /// Has it removed; that may take a while, and is not waited for.
  func remove() {
    CodeStaging.work.begin { [folder] in try? FileTree.remove(folder) }
  }
}

/// Brings code from a request, or from a folder that stands for a bucket, into a folder of ours.
struct CodeStaging: Sendable {
  /// Where staged code is.
  let folder: String
  /// Whether archives are unpacked: Flink takes jars as they are.
  let unpacks: Bool

  /// Source: the service's documentation of its quotas, for an object in a bucket.
  static let sizeLimit: Int64 = 512 << 20
  /// An archive is held in memory while it is unpacked.
  static let archiveLimit: Int64 = 128 << 20

  /// One after the other: the memory that archives take is that of one.
  fileprivate static let work = FileWork(limit: 1)

  /// - Throws: `invalidArgument` where there is no such code, or no program in it; what the home's disk
  ///   cannot hold.
  func stage(_ location: CodeLocation) async throws(RollbookError) -> StagedCode {
    try await offPool(on: Self.work) { () throws(RollbookError) in
      let own = "\(folder)/\(GenerationToken.random())"
      do throws(RollbookError) {
        try Files.makeFolder(own)
        return try stage(location, in: own)
      } catch {
        try? FileTree.remove(own)
        throw error.ofHome()
      }
    }
  }

  private func stage(
    _ location: CodeLocation, in own: String
  ) throws(RollbookError) -> StagedCode {
    let given = own + "/given"
    let name: String
    switch location.place {
    case .inline(let text):
      guard let data = Data(base64Encoded: text) else {
        throw RollbookError(.invalidArgument, "ZipFileContent is not base64.")
      }
      try Files.writeUnsynced([UInt8](data), to: given)
      name = unpacks ? "code" : "code.jar"
    case .object(let folder, let bucket, let key, _):
      try Bucket(folder: folder, arn: bucket).copy(key, to: given)
      name = Files.name(of: key)
    }
    var source = ServiceSettings.CodeSource(
      contentType: location.contentType, md5: try Self.md5(of: given),
      size: Files.size(of: given))
    if case .object(_, let bucket, let key, let version) = location.place {
      source.bucket = bucket
      source.key = key
      source.objectVersion = version
    }
    guard unpacks, ZipArchive.isArchive(try Files.read(given, limit: 4) ?? []) else {
      try Files.makeExecutable(given)
      return StagedCode(path: given, name: name, source: source, folder: own)
    }
    guard source.size <= Self.archiveLimit else {
      throw RollbookError(
        .invalidArgument, "The archive is larger than \(Self.archiveLimit) bytes.")
    }
    let path = own + "/code"
    try ZipArchive(try Files.read(given, limit: Int(Self.archiveLimit)) ?? []).unpack(into: path)
    return StagedCode(path: path, name: name, source: source, folder: own)
  }

  private static func md5(of path: String) throws(RollbookError) -> String {
    var hash = Insecure.MD5()
    guard let file = try Files.openIfThere(path) else { throw Files.failure("open", path) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try file.read(into: &buffer, path: path)
      if count == 0 { return Hex.encode(hash.finalize()) }
      hash.update(data: buffer[..<count])
    }
  }
}

/// A folder that stands for a bucket.
struct Bucket {
  let folder: String
  let arn: String

  /// Copies an object; what is wrong with it is told without the place where it lies.
  func copy(_ key: String, to place: String) throws(RollbookError) {
    let path = try path(of: key)
    guard Files.size(of: path) <= CodeStaging.sizeLimit else {
      throw RollbookError(
        .invalidArgument, "The object \(key) is larger than \(CodeStaging.sizeLimit) bytes.")
    }
    do throws(RollbookError) {
      try FileTree.copy(path, to: place, endpoints: .refused)
    } catch {
      if error.isAboutWriting { throw error }
      throw RollbookError(.invalidArgument, "The object \(key) in \(arn) cannot be read.")
    }
  }

  /// Where an object is.
  ///
  /// - Throws: `invalidArgument` for a key that leads out of the folder, by its words or by a link.
  func path(of key: String) throws(RollbookError) -> String {
    let isPlain = Files.parts(of: key).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    let missing = RollbookError(.invalidArgument, "There is no object \(key) in \(arn).")
    guard isPlain, let root = Files.realPath(folder),
      let path = Files.realPath("\(root)/\(key)"),
      Files.isBelow(path, root), Files.isFile(path)
    else { throw missing }
    return path
  }
}
#endif
