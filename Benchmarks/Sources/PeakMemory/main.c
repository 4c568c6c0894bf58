// Runs a program with its output thrown away, and prints its peak memory in KiB.
//
// A program of its own, since a child's peak counts what its parent had when it was started.

#define _DEFAULT_SOURCE

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: PeakMemory PROGRAM ARGUMENT...\n", stderr);
    return 64;
  }
  pid_t child = fork();
  if (child < 0) return 71;
  if (child == 0) {
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) {
      dup2(nowhere, 1);
      dup2(nowhere, 2);
    }
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child || status != 0) {
    fprintf(stderr, "%s ended with status %d\n", argv[1], status);
    return 1;
  }
  printf("%ld\n", usage.ru_maxrss);
  return 0;
}
