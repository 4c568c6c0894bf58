#if Server
import CFuzzer
import Glibc

// Gives libFuzzer one of the targets; built by scripts/fuzz.
// Usage: rollbook-fuzz TARGET [OPTIONS OF libFuzzer] [FILE OR FOLDER]...

/// libFuzzer's callback carries nothing with it. Set once, before anything runs; read by one thread.
nonisolated(unsafe) private var chosen: FuzzTarget?

unsafe chosen = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.init)
guard unsafe chosen != nil else {
  print("Usage: rollbook-fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) ...")
  exit(64)
}

// The target's name stays libFuzzer's first argument, which it takes for the program's.
var count = CommandLine.argc - 1
var arguments = unsafe Optional(CommandLine.unsafeArgv + 1)
let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { start, count in
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  do {
    try unsafe chosen?.check(bytes)
  } catch {
    // libFuzzer keeps the bytes of what ends the process.
    fatalError("\(error)")
  }
  return 0
}
exit(status)
#endif
