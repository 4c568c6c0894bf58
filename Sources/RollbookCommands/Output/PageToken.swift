#if CommandLine
internal import Rollbook

/// The text by which the next page of a list of operations is asked for.
enum PageToken {
  static func text(
    after operation: OperationID, of application: ApplicationID, _ filter: OperationFilter
  ) -> String {
    ListToken.text(after: operation.rawValue, of: list(application, filter))
  }

  /// - Throws: `invalidArgument` where the token is none of this list.
  static func operation(
    from text: String, of application: ApplicationID, _ filter: OperationFilter
  ) throws(RollbookError) -> OperationID {
    guard let number = ListToken.place(in: text, of: list(application, filter)) else {
      throw RollbookError(
        .invalidArgument, "The page token is not one of this list.",
        hint: "A token goes with the application, the --kind and the --status it came from.")
    }
    return OperationID(number)
  }

  private static func list(_ application: ApplicationID, _ filter: OperationFilter) -> String {
    "operations \(application) \(filter.name ?? "*") \(filter.status?.name ?? "*")"
  }
}
#endif
