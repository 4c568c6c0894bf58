#if CommandLine
import Foundation
import Glibc
import Synchronization

/// A command on a terminal of its own, which can go away.
final class Terminal: Sendable {
  private let pid: pid_t
  private let main: Mutex<Int32>
  private let ended = Mutex<Int32?>(nil)
  private let seen = Mutex<[UInt8]>([])

  init(_ words: [String], environment: [String: String]) throws {
    let main = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var isLocked: Int32 = 0
    var number: UInt32 = 0
    // TIOCSPTLCK and TIOCGPTN, which the module does not show; source: ioctl_tty(2).
    guard main >= 0, unsafe ioctl(main, 0x4004_5431, &isLocked) == 0,
      unsafe ioctl(main, 0x8004_5430, &number) == 0
    else { throw CannotStart(words: words, errorNumber: errno) }
    self.main = Mutex(main)
    pid = try Terminal.spawn(words, environment: environment, on: "/dev/pts/\(number)")
  }

  deinit {
    close()
    if status == nil {
      kill(pid, SIGKILL)
      _ = waitpid(pid, nil, 0)
    }
  }

  /// Its exit status, 128 and the signal's number where one ended it; nil while it runs.
  var status: Int32? {
    ended.withLock { ended in
      if let known = ended { return known }
      var status: Int32 = 0
      guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = status & 0x7f
      ended = signal == 0 ? (status >> 8) & 0xff : 128 + signal
      return ended
    }
  }

  /// All that was written to it so far.
  var text: String {
    main.withLock { main in
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      var polled = pollfd(fd: main, events: Int16(POLLIN), revents: 0)
      while main >= 0, unsafe poll(&polled, 1, 0) > 0 {
        let count = unsafe read(main, &buffer, buffer.count)
        // EIO once everybody has closed it and nothing is left.
        guard count > 0 else { break }
        seen.withLock { $0 += buffer[..<count] }
      }
    }
    return seen.withLock { String(decoding: $0, as: UTF8.self) }
  }

  /// The terminal goes away: the kernel sends SIGHUP, and writing to it fails.
  func close() {
    main.withLock { main in
      if main >= 0 { Glibc.close(main) }
      main = -1
    }
  }

  /// A session leader takes the first terminal that it opens as its own.
  private static func spawn(
    _ words: [String], environment: [String: String], on terminal: String
  ) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, 0, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var all = sigset_t()
    var none = sigset_t()
    unsafe sigfillset(&all)
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    // POSIX_SPAWN_SETSID, which the module does not show; source: spawn.h.
    let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | 0x80
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
    defer {
      for index in words.indices { unsafe free(arguments[index]) }
      for index in 0..<environment.count { unsafe free(variables[index]) }
    }
    var pid: pid_t = 0
    let code = unsafe posix_spawn(&pid, words[0], &actions, &attributes, arguments, variables)
    guard code == 0 else { throw CannotStart(words: words, errorNumber: code) }
    return pid
  }
}
#endif
