internal import RollbookSQLite

/// Which operations of an application are listed.
public struct OperationFilter: Sendable, Equatable {
  public var kind: OperationKind?
  /// For updates, the name under which they were asked for; nil for UpdateApplication.
  public var updateName: UpdateName?
  public var status: OperationStatus?

  public init(kind: OperationKind? = nil, status: OperationStatus? = nil) {
    self.kind = kind
    self.status = status
  }

  /// - Parameter name: what operations are called; nil where none is called so.
  public init?(name: String, status: OperationStatus? = nil) {
    self.status = status
    updateName = UpdateName(rawValue: name)
    kind = updateName == nil ? OperationKind(name: name) : .update
    if kind == nil { return nil }
  }

  /// What the operations that it lets through are called; nil for all names.
  public var name: String? { updateName?.rawValue ?? kind?.name }
}

/// A page of a list, and the operation to begin the next page before.
public struct OperationPage: Sendable, Equatable {
  /// Fewer than were asked for where few were found among many; none of them may be the last.
  public let records: [OperationRecord]
  /// Nil on the last page.
  public let next: OperationID?
}

extension JournalReader {
  /// The operations of an application, the newest first.
  ///
  /// Pages stay whole while operations are added: a page begins before an operation, never at a
  /// number. The cost grows with the rows shown, not with the journal, but for a kind and a status
  /// together, and for CANCELLED: those are looked for among the kind's or among the failed ones. A
  /// page that finds few of them ends early, and says where to go on.
  /// - Parameters:
  ///   - before: begin with the newest that is older than this one.
  ///   - lookLimit: how many operations are looked at for one page.
  public borrowing func operations(
    of application: ApplicationID, filter: OperationFilter = OperationFilter(),
    before: OperationID? = nil, limit: Int, lookingAtMost lookLimit: Int = 10_000
  ) throws(RollbookError) -> OperationPage {
    var records: [OperationRecord] = []
    var next: OperationID?
    records.reserveCapacity(min(limit, 50))
    var looked = 0
    let first = try first(of: application, filter: filter, before: before)
    try walk(from: first) { (record) throws(RollbookError) in
      guard record.operation.application == application else {
        throw .damaged("operation \(record.operation.id) is of another application")
      }
      if filter.matches(record) {
        if records.count == limit {
          next = records.last?.operation.id
          return nil
        }
        records.append(record)
      }
      let successor = try successor(of: record.operation, filter: filter)
      looked += 1
      if looked == lookLimit && successor != nil {
        next = record.operation.id
        return nil
      }
      return successor
    }
    return OperationPage(records: records, next: next)
  }

  private borrowing func first(
    of application: ApplicationID, filter: OperationFilter, before: OperationID?
  ) throws(RollbookError) -> OperationID? {
    if let before {
      guard let operation = try operation(before), operation.application == application else {
        throw RollbookError(
          .invalidArgument, "The page token names an operation of another application.",
          hint: "Use the token with the list that it came from.")
      }
      return try successor(of: operation, filter: filter)
    }
    if let kind = filter.kind, !kind.isFrequent, filter.status != .inProgress {
      return try newestRare(kind, of: application, before: nil)
    }
    return try newestOperationID(of: application)
  }

  /// The next candidate after an operation: by the pointer that skips the most.
  private borrowing func successor(
    of operation: Operation, filter: OperationFilter
  ) throws(RollbookError) -> OperationID? {
    // Only the newest can be in progress.
    if filter.status == .inProgress { return nil }
    if filter.isWalkedByFailures { return operation.links.previousFailed }
    if let kind = filter.kind {
      if kind.isFrequent { return operation.links[kind] }
      return try newestRare(kind, of: operation.application, before: operation.id)
    }
    return filter.status == .successful
      ? operation.links.previousSuccessful : operation.links.previous
  }

  /// `likely` lets the planner take the partial index and still seek by the kind itself.
  private borrowing func newestRare(
    _ kind: OperationKind, of application: ApplicationID, before: OperationID?
  ) throws(RollbookError) -> OperationID? {
    let row = try query(
      """
      SELECT id FROM operations
      WHERE application_id = ? AND kind = ? AND likely(kind >= 10) AND id < ?
      ORDER BY id DESC LIMIT 1
      """)
    try row.bind(1, application)
    try row.bind(2, kind)
    try row.bind(3, before?.rawValue ?? Int64.max)
    return try row.next() ? OperationID(row.int(0)) : nil
  }

  /// What the lists of versions say of one, in the words of the AWS API: what the application does for
  /// the current one, `ROLLED_BACK` for one that was gone back from, `READY` for others.
  package borrowing func status(
    of version: ApplicationVersion, in state: ApplicationState
  ) throws(RollbookError) -> String {
    if version.version == state.version { return state.status.name }
    let isRolledBack = try wasRolledBack(
      version: version.version, of: version.application, since: version.operation)
    return isRolledBack ? "ROLLED_BACK" : ApplicationStatus.ready.name
  }

  /// Whether a version was rolled back from by an operation or a later one.
  package borrowing func wasRolledBack(
    version: Int64, of application: ApplicationID, since operation: OperationID
  ) throws(RollbookError) -> Bool {
    let row = try query(
      """
      SELECT 1 FROM operations AS r JOIN operation_outcomes AS o ON o.operation_id = r.id
      WHERE r.application_id = ? AND r.version_from = ? AND r.kind IN (12, 13)
        AND r.version_to <> r.version_from AND r.id >= ? AND o.status = 2
      LIMIT 1
      """)
    try row.bind(1, application)
    try row.bind(2, version)
    try row.bind(3, operation)
    return try row.next()
  }
}

extension OperationFilter {
  /// Whether what it lets through is looked for among the operations that failed or were cancelled:
  /// they are fewer than those of a frequent kind.
  fileprivate var isWalkedByFailures: Bool {
    (status == .failed || status == .cancelled) && kind?.isFrequent ?? true
  }

  func matches(_ record: OperationRecord) -> Bool {
    (kind == nil || name == record.operation.name) && (status == nil || status == record.status)
  }
}
