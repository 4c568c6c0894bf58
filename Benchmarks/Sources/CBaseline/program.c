#define _GNU_SOURCE

#include "CBaseline.h"

#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

baseline_peer baseline_start_peer(char *const arguments[]) {
  baseline_peer peer = {.pid = -1, .socket = -1};
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return peer;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  pid_t child = 0;
  if (posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ) == 0) {
    peer.pid = child;
    peer.socket = ends[0];
  } else {
    close(ends[0]);
  }
  close(ends[1]);
  posix_spawn_file_actions_destroy(&actions);
  return peer;
}

int baseline_ask_peer(baseline_peer peer, const char *question, char *answer, int size) {
  size_t length = strlen(question);
  // A peer that has ended is told by the answer that does not come, not by a signal.
  if (send(peer.socket, question, length, MSG_NOSIGNAL) != (ssize_t)length) return 0;
  int count = 0;
  while (count < size - 1 && read(peer.socket, answer + count, 1) == 1) {
    if (answer[count] == '\n') {
      answer[count] = '\0';
      return 1;
    }
    count++;
  }
  return 0;
}

void baseline_end_peer(baseline_peer peer) {
  if (peer.pid < 0) return;
  close(peer.socket);  // its input ends, and so does it
  waitpid(peer.pid, NULL, 0);
}
