// Why not a benchmark framework: what counts here is the ratio of two programs that take turns within
// one run on one disk. A framework runs one benchmark to its end before the next one begins; on a
// disk whose phases differ by a factor of four that compares the phases.

/// What one comparison found.
struct Comparison {
  enum Goal {
    case atMost(Double)
    case atLeast(Double)
  }

  var name: String
  /// One median for each round, in `unit`.
  var ours: [Double]
  var baseline: [Double]
  var unit: String
  var goal: Goal

  /// The median of the rounds' ratios, so that a slow phase of the disk is on both sides.
  var ratio: Double { median(zip(ours, baseline).map { $0 / $1 }) }

  var spread: (least: Double, most: Double) {
    let ratios = zip(ours, baseline).map { $0 / $1 }
    return (ratios.min() ?? 0, ratios.max() ?? 0)
  }

  var isMet: Bool {
    switch goal {
    case .atMost(let bound): ratio <= bound
    case .atLeast(let bound): ratio >= bound
    }
  }

  static let header = """
    | | ours | C | unit | ratio | rounds | goal | |
    |---|---|---|---|---|---|---|---|
    """

  var row: String {
    let bound =
      switch goal {
      case .atMost(let bound): "≤ \(bound)"
      case .atLeast(let bound): "≥ \(bound)"
      }
    let spread = "\(spread.least.rounded(2))–\(spread.most.rounded(2))"
    return "| \(name) | \(median(ours).rounded(1)) | \(median(baseline).rounded(1)) | \(unit) "
      + "| \(ratio.rounded(2)) | \(spread) | \(bound) | \(isMet ? "met" : "missed") |"
  }
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  if sorted.isEmpty { return 0 }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// How long something takes, in microseconds.
func microseconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let elapsed = try clock.measure(body)
  return elapsed / .microseconds(1)
}

/// Medians of `samples` measurements each, `rounds` of them, the two sides in turn.
///
/// Within a round the sides change after a few samples, so that a slow moment of the machine is on
/// both.
func interleaved(
  rounds: Int, samples: Int, ours: (Int) throws -> Void, baseline: (Int) throws -> Void
) rethrows -> (ours: [Double], baseline: [Double]) {
  let block = 10
  var result: (ours: [Double], baseline: [Double]) = ([], [])
  for round in 0..<rounds {
    var ourTimes: [Double] = []
    var baselineTimes: [Double] = []
    for start in stride(from: round * samples, to: (round + 1) * samples, by: block) {
      for sample in start..<start + block {
        baselineTimes.append(try microseconds { try baseline(sample) })
      }
      for sample in start..<start + block {
        ourTimes.append(try microseconds { try ours(sample) })
      }
    }
    result.ours.append(median(ourTimes))
    result.baseline.append(median(baselineTimes))
  }
  return result
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
