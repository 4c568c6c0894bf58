#define _GNU_SOURCE
#include "CRollbookProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int set_attributes(posix_spawnattr_t *attributes, const struct rollbook_program *program) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (program->session) flags |= POSIX_SPAWN_SETSID;
  if (program->group >= 0) flags |= POSIX_SPAWN_SETPGROUP;
  int code = posix_spawnattr_setsigdefault(attributes, &all);
  if (code == 0) code = posix_spawnattr_setsigmask(attributes, &none);
  if (code == 0 && program->group >= 0) {
    code = posix_spawnattr_setpgroup(attributes, program->group);
  }
  if (code == 0) code = posix_spawnattr_setflags(attributes, flags);
  return code;
}

static int set_actions(
    posix_spawn_file_actions_t *actions, const struct rollbook_program *program) {
  int code = posix_spawn_file_actions_adddup2(actions, program->input, 0);
  if (code == 0) code = posix_spawn_file_actions_adddup2(actions, program->output, 1);
  if (code == 0) code = posix_spawn_file_actions_adddup2(actions, program->output, 2);
  if (code == 0 && program->extra >= 0) {
    code = posix_spawn_file_actions_adddup2(actions, program->extra, 3);
  }
  if (code == 0) {
    code = posix_spawn_file_actions_addclosefrom_np(actions, program->extra >= 0 ? 4 : 3);
  }
  if (code == 0 && program->folder) {
    code = posix_spawn_file_actions_addchdir_np(actions, program->folder);
  }
  return code;
}

int rollbook_spawn(const struct rollbook_program *program, pid_t *pid) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  int code = posix_spawnattr_init(&attributes);
  if (code != 0) return code;
  code = posix_spawn_file_actions_init(&actions);
  if (code == 0) {
    code = set_attributes(&attributes, program);
    if (code == 0) code = set_actions(&actions, program);
    if (code == 0) {
      code = posix_spawn(
          pid, program->path, &actions, &attributes, program->arguments, program->environment);
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  posix_spawnattr_destroy(&attributes);
  return code;
}

int rollbook_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int rollbook_take_signals(void) {
  const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
  for (unsigned i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
  // A starter that ignores SIGCHLD would have the kernel reap the children unseen.
  signal(SIGCHLD, SIG_DFL);
  sigset_t taken;
  sigemptyset(&taken);
  sigaddset(&taken, SIGCHLD);
  sigaddset(&taken, SIGTERM);
  if (sigprocmask(SIG_BLOCK, &taken, NULL) != 0) return -1;
  return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

int rollbook_next_signal(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  return count == sizeof info ? (int)info.ssi_signo : 0;
}

static int set_address(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

static int fail_closing(int descriptor) {
  int code = errno;
  close(descriptor);
  errno = code;
  return -1;
}

int rollbook_listen(const char *path) {
  struct sockaddr_un address;
  if (set_address(&address, path) != 0) return -1;
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return -1;
  mode_t mask = umask(0177);
  int code = bind(listener, (struct sockaddr *)&address, sizeof address);
  umask(mask);
  if (code != 0 || listen(listener, 16) != 0) return fail_closing(listener);
  return listener;
}

int rollbook_connect(const char *path) {
  struct sockaddr_un address;
  if (set_address(&address, path) != 0) return -1;
  int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return -1;
  if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
    return fail_closing(connection);
  }
  return connection;
}

int rollbook_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

const char *rollbook_signal_name(int number) { return sigabbrev_np(number); }
