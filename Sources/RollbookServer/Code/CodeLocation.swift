#if Server
internal import Rollbook

/// Where a request says that code is.
struct CodeLocation: Sendable {
  enum Place: Sendable {
    /// In base64, as it came.
    case inline(String)
    /// A file below a folder that stands for a bucket.
    case object(folder: String, bucket: String, key: String, version: String?)
  }

  let contentType: String
  let place: Place

  /// ApplicationCodeConfiguration; nil where there is none.
  init?(creating given: JSONValue?, settings: ServerSettings) throws(WireError) {
    guard let given else { return nil }
    contentType = given["CodeContentType"]?.string ?? ""
    try Self.checkType(contentType)
    guard let content = given["CodeContent"] else {
      throw WireError(
        .invalidArgument, "CodeContent must hold ZipFileContent or S3ContentLocation.")
    }
    let location = content["S3ContentLocation"]
    place = try Self.place(
      text: content["TextContent"], inline: content["ZipFileContent"]?.string,
      bucket: location?["BucketARN"]?.string, key: location?["FileKey"]?.string,
      version: location?["ObjectVersion"]?.string, settings)
  }

  /// ApplicationCodeConfigurationUpdate: what it does not name of a location stays; nil where the code
  /// stays.
  init?(
    updating given: JSONValue?, current: ServiceSettings.CodeSource?, settings: ServerSettings
  ) throws(WireError) {
    guard let given else { return nil }
    contentType = given["CodeContentTypeUpdate"]?.string ?? current?.contentType ?? "ZIPFILE"
    try Self.checkType(contentType)
    guard let content = given["CodeContentUpdate"] else { return nil }
    let location = content["S3ContentLocationUpdate"]
    let inline = content["ZipFileContentUpdate"]?.string
    let key = location?["FileKeyUpdate"]?.string
    place = try Self.place(
      text: content["TextContentUpdate"], inline: inline,
      bucket: location == nil ? nil : location?["BucketARNUpdate"]?.string ?? current?.bucket,
      key: location == nil ? nil : key ?? current?.key,
      // Another object is not looked for under the version of the one before.
      version: location?["ObjectVersionUpdate"]?.string
        ?? (key == nil ? current?.objectVersion : nil), settings)
  }

  private static func checkType(_ type: String) throws(WireError) {
    guard type == "ZIPFILE" else {
      throw WireError(
        .invalidArgument, "CodeContentType \(type) is for SQL and Studio applications: use ZIPFILE."
      )
    }
  }

  private static func place(
    text: JSONValue?, inline: String?, bucket: String?, key: String?, version: String?,
    _ settings: ServerSettings
  ) throws(WireError) -> Place {
    guard text == nil else {
      throw WireError(.invalidArgument, "TextContent is for SQL and Studio applications.")
    }
    switch (inline, bucket, key) {
    case (let inline?, nil, nil): return .inline(inline)
    case (nil, let bucket?, let key?):
      guard let folder = settings.buckets[bucket] else {
        throw WireError(
          .invalidArgument,
          "There is no bucket \(bucket) here: start `rollbook serve` with --bucket \(bucket)=FOLDER."
        )
      }
      return .object(folder: folder, bucket: bucket, key: key, version: version)
    case (_?, _, _):
      throw WireError(.invalidArgument, "The code is given twice: inline and in a bucket.")
    default:
      throw WireError(
        .invalidArgument,
        "The code is not given: ZipFileContent, or BucketARN and FileKey of its object.")
    }
  }
}
#endif
