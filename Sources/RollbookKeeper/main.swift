internal import Glibc
internal import RollbookProcess

exit(KeeperProgram.run(CommandLine.arguments))
