internal import Rollbook

/// Others that do the same work, in the same rounds, each on a journal of its own.
///
/// A peer is a program that reads `WORK COUNT` and answers with as many times, in microseconds. It
/// first tells what it is and how it has set its database, or why it refuses to be measured.
struct Peers {
  private struct Peer {
    let name: String
    let program: Program
  }

  private let peers: [Peer]

  init(setup: Setup) throws {
    var peers: [Peer] = []
    let statements = try setup.required("statements")
    let rows = ["\(setup.operations)", "\(setup.ordinary(.big).upperBound)"]
    func add(_ name: String, _ command: [String?], _ place: Setup.Place) throws {
      let given = command.compactMap { $0 }
      guard given.count == command.count else {
        return Report.tell("\(name)", "is not here, and left out")
      }
      let program = try Program(given + [setup.journal(place), statements] + rows)
      let answer = program.ask("hello\n") ?? "it has ended by itself"
      Report.tell(name, answer)
      if answer.hasPrefix("ready") { peers.append(Peer(name: name, program: program)) }
    }
    try add("GRDB", [setup["grdb"]], .grdb)
    try add("Python", [setup["python"], setup["peers"].map { $0 + "/sqlite.py" }], .python)
    try add(
      "eventsourcing", [setup["python"], setup["peers"].map { $0 + "/recorder.py" }], .events)
    self.peers = peers
  }

  var isEmpty: Bool { peers.isEmpty }

  func sides(_ work: String) -> [Side] {
    peers.map { peer in
      { samples in
        let answer = peer.program.ask("\(work) \(samples.count)\n") ?? ""
        let times = answer.split(separator: " ").compactMap { Double($0) }
        guard times.count == samples.count else {
          throw BenchmarkFailure(description: "\(peer.name), \(work): \(answer)")
        }
        return times
      }
    }
  }

  /// - Parameter all: the rounds' medians of C, of ours, and of every peer.
  func tell(_ work: String, _ all: [[Double]], _ unit: String) {
    let names = ["C", "Rollbook"] + peers.map(\.name)
    for (name, times) in zip(names, all) {
      let comparison = Comparison(ours: times, baseline: all[0])
      Report.tell(
        "  \(work): \(name)",
        "\(median(times).rounded(1)) \(unit), \(comparison.ratio.rounded(2))× C "
          + "(\(comparison.spread))")
    }
  }
}
