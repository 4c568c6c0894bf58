internal import Glibc
internal import RollbookCommands
internal import RollbookFlink

#if CommandLine
#if Flink
await CommandLineTool.main(bringing: { _ in [FlinkRuntime()] })
#else
await CommandLineTool.main(bringing: { _ in [] })
#endif
#else
print("This build of Rollbook has no command line: build it with the trait CommandLine.")
exit(1)
#endif
