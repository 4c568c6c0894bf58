// Why not a benchmark framework: what counts here is the ratio of programs that take turns within one
// run on one disk. A framework runs one benchmark to its end before the next one begins; on a disk
// whose phases differ by a factor of four that compares the phases.

/// One side of a comparison: carries out these samples and answers how long each took, in
/// microseconds.
typealias Side = (Range<Int>) throws -> [Double]

func timed(_ body: @escaping (Int) throws -> Double) -> Side {
  { try $0.map(body) }
}

func clocked(_ body: @escaping (Int) throws -> Void) -> Side {
  timed { sample in try ContinuousClock().measure { try body(sample) } / .microseconds(1) }
}

/// The sides in turn: of each the median of every round.
///
/// Within a round they change after a few samples, so that a slow moment of the machine is on all.
func takeTurns(
  rounds: Int, samples: Int, block: Int = 10, _ sides: [Side]
) throws -> [[Double]] {
  var medians: [[Double]] = Array(repeating: [], count: sides.count)
  for round in 0..<rounds {
    var times: [[Double]] = Array(repeating: [], count: sides.count)
    let samples = round * samples..<(round + 1) * samples
    for start in stride(from: samples.lowerBound, to: samples.upperBound, by: block) {
      for (index, side) in sides.enumerated() {
        times[index] += try side(start..<min(start + block, samples.upperBound))
      }
    }
    for index in sides.indices { medians[index].append(median(times[index])) }
  }
  return medians
}

/// What rounds of two sides found, in one unit: a figure for each round.
struct Comparison {
  var ours: [Double]
  var baseline: [Double]

  private var ratios: [Double] { zip(ours, baseline).map { $0 / $1 } }
  /// The median of the rounds' ratios, so that a slow phase of the disk is on both sides.
  var ratio: Double { median(ratios) }
  var spread: String { "\((ratios.min() ?? 0).rounded(2))–\((ratios.max() ?? 0).rounded(2))" }
}

enum Bound {
  case atMost(Double)
  case atLeast(Double)

  func holds(for value: Double) -> Bool {
    switch self {
    case .atMost(let bound): value <= bound
    case .atLeast(let bound): value >= bound
    }
  }

  var text: String {
    switch self {
    case .atMost(let bound): "≤ \(bound)×"
    case .atLeast(let bound): "≥ \(bound)×"
    }
  }
}

/// The output: a line for each goal, whose last word says what became of it; no other line holds any
/// of those words.
enum Report {
  /// - Parameter limit: what the other side itself reached of the same goal; where that is less than
  ///   the goal, it is the proof that nobody could reach it in this run.
  static func goal(
    _ name: String, _ found: Comparison, _ bound: Bound, unit: String,
    limit: (value: Double, what: String)? = nil
  ) {
    var word = bound.holds(for: found.ratio) ? "met" : "missed"
    if word == "missed", let limit, !bound.holds(for: limit.value) { word += "-with-proof" }
    line([name, "\(found.ratio.rounded(2))×", bound.text, word])
    tell(
      "  rounds \(found.spread)",
      "ours \(median(found.ours).rounded(1)) \(unit), against "
        + "\(median(found.baseline).rounded(1)) \(unit)")
    if word == "missed-with-proof", let limit {
      tell("  the limit of this run", "\(limit.what): \(limit.value.rounded(2))×")
    }
  }

  /// - Parameter limit: what the other side itself needs for the same, where that is more than the goal.
  static func goal(
    _ name: String, _ value: String, _ goal: String, isMet: Bool, limit: String? = nil
  ) {
    let missed = limit == nil ? "missed" : "missed-with-proof"
    line([name, value, goal, isMet ? "met" : missed])
    if let limit, !isMet { tell("  the limit of this run", limit) }
  }

  static func tell(_ name: String, _ value: String) { line([name, value]) }

  private static func line(_ columns: [String]) {
    let widths = [72, 10, 10]
    var text = ""
    for (index, column) in columns.enumerated() {
      let isLast = index == columns.count - 1
      let missing = isLast ? 0 : max(widths[index] - column.count, 0)
      text += column + String(repeating: " ", count: missing) + (isLast ? "" : "\t")
    }
    print(text)
    flush()
  }
}

func median(_ values: [Double]) -> Double { quantile(0.5, of: values) }

/// The value below which that share of the values lies; between two, in their middle for the median.
func quantile(_ share: Double, of values: [Double]) -> Double {
  let sorted = values.sorted()
  if sorted.isEmpty { return 0 }
  let place = Double(sorted.count - 1) * share
  let below = Int(place)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
}

/// Numbers that are the same at every run: SplitMix64.
struct Chance: RandomNumberGenerator {
  var state: UInt64

  init(seed: Int) { state = UInt64(seed) &* 0x2545_F491_4F6C_DD1D }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Double {
  /// With so many digits after the point.
  func rounded(_ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((self * scale).rounded())
    let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
    let text = String(rest)
    return digits == 0
      ? "\(whole)" : "\(whole)." + String(repeating: "0", count: digits - text.count) + text
  }
}
