#ifndef ROLLBOOK_PROCESS_H
#define ROLLBOOK_PROCESS_H

#include <sys/types.h>

// What Swift cannot call: variadic functions, GNU extensions, and structures with unions.

/// How a program is started.
struct rollbook_program {
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// The working folder; NULL to keep the starter's.
  const char *folder;
  int input;
  /// Becomes standard output and standard error.
  int output;
  /// Becomes descriptor 3; -1 for none. No other descriptor is inherited.
  int extra;
  /// The process group to join; 0 for a group of its own; -1 to keep the starter's.
  pid_t group;
  /// Not 0 for a session (and group) of its own.
  int session;
};

/// Starts a program with default signals. Answers 0, or the error of the system, also that of exec.
int rollbook_spawn(const struct rollbook_program *program, pid_t *pid);

/// Orphans of this process's descendants become its children. Answers 0, or -1 with errno.
int rollbook_become_subreaper(void);

/// Blocks SIGCHLD and SIGTERM, ignores what a terminal sends, and answers a non-blocking descriptor
/// that SIGCHLD and SIGTERM are read from; -1 with errno.
int rollbook_take_signals(void);

/// Reads one signal's number; 0 where there is none.
int rollbook_next_signal(int descriptor);

/// A listening Unix socket (0600), non-blocking; -1 with errno.
int rollbook_listen(const char *path);

/// A connection to a Unix socket; -1 with errno.
int rollbook_connect(const char *path);

/// The next connection, non-blocking; -1 with errno.
int rollbook_accept(int listener);

/// `KILL` for SIGKILL; NULL for a number that is no signal.
const char *rollbook_signal_name(int number);

#endif
