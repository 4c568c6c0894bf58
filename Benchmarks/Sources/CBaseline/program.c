#define _POSIX_C_SOURCE 200809L

#include "CBaseline.h"

#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double monotonic(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

baseline_process baseline_run_program(char *const arguments[]) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  baseline_process result = {.status = -1};
  double started = monotonic();
  pid_t child = 0;
  if (posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ) == 0)
    waitpid(child, &result.status, 0);
  result.seconds = monotonic() - started;
  posix_spawn_file_actions_destroy(&actions);
  return result;
}
