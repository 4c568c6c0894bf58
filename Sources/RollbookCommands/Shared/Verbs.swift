#if CommandLine
internal import ArgumentParser
internal import Rollbook

/// The words that a command line may begin with.
enum Verbs {
  /// - Throws: `invalidArgument` for a word that is no verb, with the verb that was meant.
  static func check(_ arguments: [String]) throws(RollbookError) {
    guard let word = arguments.first, !word.hasPrefix("-"), !known.contains(word) else { return }
    let meant = nearest(to: word)
    throw RollbookError(
      .invalidArgument, "There is no verb \"\(word)\".",
      hint: (meant.map { "Did you mean `rollbook \($0)`? " } ?? "")
        + "`rollbook --help` lists the verbs.")
  }

  static var known: [String] {
    // Those of the groups are among them.
    RollbookCommand.configuration.subcommands.flatMap {
      [$0._commandName] + $0.configuration.aliases
    } + ["help"]
  }

  /// The verb that a misspelt word is likely to mean; nil where none is near.
  static func nearest(to word: String) -> String? {
    let near = known.map { (name: $0, distance: distance(Array(word), Array($0))) }
      .min { $0.distance < $1.distance }
    // A word of which half is wrong is another word.
    guard let near, near.distance <= 2, near.distance * 2 <= near.name.count else { return nil }
    return near.name
  }

  /// How many letters must be put in, taken out or changed; source: Levenshtein's distance.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (letter == other ? 0 : 1))
        diagonal = above
      }
    }
    return row[b.count]
  }
}
#endif
