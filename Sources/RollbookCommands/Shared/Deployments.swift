#if CommandLine
internal import Rollbook

extension JournalReader {
  /// The newest generation that any operation deployed, of one version or of all.
  borrowing func newestDeployment(
    of application: Application, version: Int64? = nil
  ) throws(RollbookError) -> Generation? {
    var before: OperationID?
    while true {
      let page = try operations(of: application.id, before: before, limit: 50)
      for record in page.records {
        let found = try deployment(by: record.operation.id, of: application, version: version)
        if let found { return found }
      }
      guard let next = page.next else { return nil }
      before = next
    }
  }

  /// The newest generation that an operation deployed, of one version or of all.
  borrowing func deployment(
    by operation: OperationID, of application: Application, version: Int64? = nil
  ) throws(RollbookError) -> Generation? {
    var place: Place?
    for step in try steps(of: operation).reversed() {
      if step.name == .deployed { place = place ?? step.detail.place }
      guard step.name == .deploying, let token = step.detail.generation,
        let number = step.detail.version, version == nil || version == number,
        let deployed = try self.version(number, of: application.id)
      else { continue }
      return Generation(
        application: application, token: token, version: deployed,
        parallelism: step.detail.parallelism ?? 1, place: place)
    }
    return nil
  }
}
#endif
