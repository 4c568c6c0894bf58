#if CommandLine
internal import Rollbook

/// The text by which the next page of a list of operations is asked for.
///
/// It names the last operation shown, and carries a digest of the list that it came from, so that it
/// is of no use for another.
enum PageToken {
  static func text(
    after operation: OperationID, of application: ApplicationID, _ filter: OperationFilter
  ) -> String {
    Hex.encode(UInt64(bitPattern: operation.rawValue)) + digest(operation, application, filter)
  }

  /// - Throws: `invalidArgument` where the token is none of this list.
  static func operation(
    from text: String, of application: ApplicationID, _ filter: OperationFilter
  ) throws(RollbookError) -> OperationID {
    guard let number = UInt64(text.prefix(16), radix: 16),
      case let operation = OperationID(Int64(bitPattern: number)),
      self.text(after: operation, of: application, filter) == text
    else {
      throw RollbookError(
        .invalidArgument, "The page token is not one of this list.",
        hint: "A token goes with the application, the --kind and the --status it came from.")
    }
    return operation
  }

  private static func digest(
    _ operation: OperationID, _ application: ApplicationID, _ filter: OperationFilter
  ) -> String {
    let list =
      "operations \(application) \(filter.kind?.name ?? "*") \(filter.status?.name ?? "*") "
      + "\(operation)"
    return String(SHA256.hexDigest(of: Array(list.utf8)).prefix(16))
  }
}
#endif
