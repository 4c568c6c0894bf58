#if Flink
internal import FoundationEssentials
internal import Rollbook

/// Reads what Java and Flink say of an error.
enum JavaText {
  /// The line of a stack trace that says best what went wrong: its last `Caused by:`, else its first.
  ///
  /// - Returns: nil for an empty text.
  static func rootCause(of trace: String) -> String? {
    let lines = trace.split(whereSeparator: \.isNewline)
    let causes = lines.filter { $0.hasPrefix("Caused by: ") }.map { $0.dropFirst(11) }
    var cause = causes.last ?? lines.first { !$0.isEmpty }
    // That a class is not found says less than which class was wanted as what.
    if causes.count > 1, cause?.hasPrefix("java.lang.ClassNotFoundException") == true {
      let before = causes[causes.count - 2]
      if before.contains("entry point class") { cause = before }
    }
    return cause.map { String(withoutWrappers($0).prefix(RootCause.limit)) }
  }

  /// Exceptions that only carry another one name it after their own name.
  private static func withoutWrappers(_ line: Substring) -> Substring {
    var line = line
    let wrappers = [
      "java.util.concurrent.CompletionException: ", "java.util.concurrent.ExecutionException: ",
      "org.apache.flink.runtime.rest.handler.RestHandlerException: ",
    ]
    while let wrapper = wrappers.first(where: { line.hasPrefix($0) }) {
      line = line.dropFirst(wrapper.count)
    }
    return line
  }

  /// The stack trace within an error's answer.
  static func trace(of answer: Cluster.Answer) -> String {
    guard let errors = try? answer.decode(ClusterAnswers.Errors.self).errors else {
      return answer.text
    }
    var text = errors.filter { $0 != "Internal server error." }.joined(separator: "\n")
    for frame in ["<Exception on server side:\n", "\nEnd of exception on server side>"] {
      text.replace(frame, with: "")
    }
    return text
  }
}

extension RuntimeFailure {
  /// What an answer that is no success says.
  init(_ effect: Effect, _ answer: Cluster.Answer, whileDoing what: String) {
    let trace = JavaText.trace(of: answer)
    var evidence = Evidence()
    evidence.httpStatus = answer.status
    evidence.httpBody = String(answer.text.prefix(65536))
    self.init(
      effect,
      rootCause: JavaText.rootCause(of: trace) ?? "\(what): the cluster answers \(answer.status)",
      text: trace.isEmpty ? nil : trace, evidence: evidence)
  }
}

extension Ending {
  /// What a job's exceptions say; nil where there are none.
  init?(_ cause: Cause, _ exceptions: ClusterAnswers.Exceptions) {
    let entries = exceptions.exceptionHistory?.entries ?? []
    // The history begins with the newest; an entry may only sum up others that came with it.
    let traces = entries.flatMap { entry in
      [entry.stacktrace] + (entry.concurrentExceptions ?? []).map(\.stacktrace)
    }.compactMap(\.self).filter { !$0.isEmpty }
    guard let first = exceptions.rootException ?? traces.first else { return nil }
    var told = first
    if JavaText.hasNoCause(first), let other = traces.first(where: { $0 != first }) {
      told = other
    }
    var evidence = Evidence()
    evidence.exceptions = Array(([first] + traces.filter { $0 != first }).prefix(20))
    let isShort = traces.allSatisfy { JavaText.hasNoCause($0) || JavaText.isAboutSlots($0) }
    self.init(
      cause: isShort && JavaText.isAboutSlots(told) ? .noResources : cause,
      rootCause: JavaText.rootCause(of: told) ?? "the job failed",
      text: ([first] + traces.filter { $0 != first }).joined(separator: "\n"), evidence: evidence)
  }
}

extension JavaText {
  /// Whether a trace says that there are not enough slots.
  fileprivate static func isAboutSlots(_ trace: String) -> Bool {
    rootCause(of: trace)?.hasPrefix(
      "org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException") == true
  }

  /// Whether a trace is Flink's own word that it does not try again, without what it is about.
  fileprivate static func hasNoCause(_ trace: String) -> Bool {
    trace.hasPrefix("org.apache.flink.runtime.JobException: Recovery is suppressed")
      && !trace.contains("Caused by: ")
  }
}
#endif
