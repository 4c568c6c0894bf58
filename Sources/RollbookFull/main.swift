internal import Glibc
internal import RollbookCommands
internal import RollbookFlink

#if CommandLine
#if Flink
let runtimes: Runtimes.More = { _ in [FlinkRuntime()] }
#else
let runtimes: Runtimes.More = { _ in [] }
#endif
#if Server
await CommandLineTool.main(bringing: runtimes, serving: { try await serve($0) })
#else
await CommandLineTool.main(bringing: runtimes)
#endif
#else
print("This build of Rollbook has no command line: build it with the trait CommandLine.")
exit(1)
#endif
