/// Does the same for several at once, so that one that takes long does not keep the others waiting.
///
/// - Returns: the answers in the order of the items.
/// - Throws: the first error, in that order, once what was begun has ended; nothing more is begun then.
package func several<Item: Sendable, Answer: Sendable>(
  _ items: [Item], atMost limit: Int = 8,
  _ work: @escaping @Sendable (Item) async throws(RollbookError) -> Answer
) async throws(RollbookError) -> [Answer] {
  let results = await withTaskGroup(of: (Int, Result<Answer, RollbookError>).self) { group in
    var results: [Int: Result<Answer, RollbookError>] = [:]
    var next = 0
    var hasFailed = false
    func begin() {
      guard next < items.count, !hasFailed else { return }
      let index = next
      next += 1
      let item = items[index]
      group.addTask {
        do throws(RollbookError) {
          return (index, .success(try await work(item)))
        } catch {
          return (index, .failure(error))
        }
      }
    }
    for _ in 0..<limit { begin() }
    while let (index, result) = await group.next() {
      results[index] = result
      if case .failure = result { hasFailed = true }
      begin()
    }
    return results
  }
  var answers: [Answer] = []
  for index in results.keys.sorted() {
    if let result = results[index] { answers.append(try result.get()) }
  }
  return answers
}
