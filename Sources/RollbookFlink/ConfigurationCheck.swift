#if Flink
internal import Rollbook

extension VersionConfiguration {
  /// Refuses what a Flink job cannot be started with.
  ///
  /// - Throws: `invalidArgument`, which names the setting and what it may be.
  func checkForFlink() throws(RollbookError) {
    guard let clusterAddress else {
      throw refusal("A Flink application needs the address of its cluster: --flink-url URL.")
    }
    try checkAddress(clusterAddress)
    if readyCheck != nil {
      throw refusal("A ready check has no meaning on Flink: a job is ready when all its tasks run.")
    }
    if let maxParallelism, !(1...32768).contains(maxParallelism) {
      throw refusal("The max parallelism \(maxParallelism) is not between 1 and 32768.")
    }
    let grouped = (propertyGroups ?? [:]).flatMap { group in
      group.value.keys.map { "\(group.key).\($0)" }
    }
    for name in properties.keys.sorted() + secretProperties.keys.sorted() + grouped.sorted() {
      let isWord = !name.isEmpty && !name.contains { $0.isWhitespace || $0 == "=" }
      guard isWord, !name.utf8.contains(0) else {
        throw refusal("The property name “\(name)” cannot be an argument `--name`.")
      }
    }
    for name in (clusterHeaders ?? [:]).keys {
      let isToken =
        !name.isEmpty
        && name.utf8.allSatisfy { byte in
          byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: ":")
        }
      guard isToken else { throw refusal("“\(name)” cannot be the name of a header.") }
    }
    if snapshotDirectory?.isEmpty == true {
      throw refusal("The savepoint directory is empty.")
    }
  }

  private func checkAddress(_ address: String) throws(RollbookError) {
    let scheme = ["http://", "https://"].first { address.hasPrefix($0) }
    guard let scheme else {
      throw refusal("The address \(address) does not begin with http:// or https://.")
    }
    let rest = address.dropFirst(scheme.count)
    let host = rest.prefix { $0 != "/" }
    if host.contains("@") {
      throw refusal("The address of the cluster holds a password, which the journal would keep.")
    }
    let isPlain = !rest.contains { $0.isWhitespace || $0 == "?" || $0 == "#" }
    guard !host.isEmpty, !host.hasPrefix(":"), isPlain else {
      throw refusal("\(address) is not the address of a Flink cluster, such as http://host:8081.")
    }
  }

  private func refusal(_ message: String) -> RollbookError {
    RollbookError(.invalidArgument, message, hint: "Change it and try again; nothing was written.")
  }
}
#endif
