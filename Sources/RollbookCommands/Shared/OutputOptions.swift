#if CommandLine
internal import ArgumentParser

/// How a read verb answers.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case table
  case json
  case jsonl
  case csv
}

/// What every read verb takes.
struct ReadOptions: ParsableArguments, Sendable {
  @OptionGroup var home: HomeOptions

  @Option(name: [.customShort("o"), .long], help: "How to answer.")
  var output: OutputFormat = .table

  var answer: Answer { Answer(format: output) }
}
#endif
