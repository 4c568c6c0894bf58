internal import Glibc
internal import RollbookCommands

#if CommandLine
await CommandLineTool.main()
#else
print("This build of Rollbook has no command line: build it with the trait CommandLine.")
exit(1)
#endif
