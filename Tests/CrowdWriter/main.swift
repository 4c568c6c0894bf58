internal import Glibc

/// One of a crowd of processes that write to one journal: `CrowdWriter JOURNAL PROCESS TASKS TURNS`.
///
/// Makes its applications, says `ready`, waits for a line, writes a fixed number of operations, and says
/// what it came to. Exits 1 where an answer of the journal's is not what was written.
let words = CommandLine.arguments
let numbers = words.dropFirst(2).compactMap { Int($0) }
guard words.count == 5, numbers.count == 3 else {
  Say.error("usage: CrowdWriter JOURNAL PROCESS TASKS TURNS")
  exit(64)
}
do {
  let crowd = try Crowd(path: words[1], process: numbers[0], tasks: numbers[1], turns: numbers[2])
  try await crowd.prepare()
  Say.line("ready")
  guard readLine() != nil else { exit(1) }
  Say.line(try await crowd.write())
  crowd.close()
} catch {
  Say.error("\(error)")
  exit(1)
}
