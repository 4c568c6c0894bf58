#if CommandLine
internal import ArgumentParser
internal import Rollbook

/// Prints what the documentation shows, from the rules themselves.
struct LifecycleTables: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lifecycle", abstract: "Print the lifecycle's tables in Markdown.",
    shouldDisplay: false)

  func run() {
    Standard.print(
      """
      ### Which command is accepted when

      \(Lifecycle.table)

      ### Statuses

      ```mermaid
      \(Lifecycle.diagram)
      ```

      ### What the holder of an operation does next

      \(Settling.table)
      """)
  }
}
#endif
