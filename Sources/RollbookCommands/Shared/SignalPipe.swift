#if CommandLine
internal import Dispatch
internal import Glibc
internal import Rollbook

/// The write end of the pipe to which the signal handler writes.
///
/// `nonisolated(unsafe)`: written once, before any handler is installed; a handler may use nothing
/// that takes a lock.
private nonisolated(unsafe) var handlerPipe: Int32 = -1

/// Signals as values on a queue.
///
/// Handlers, not a changed mask or ignored signals: programs that are started inherit neither.
enum SignalPipe {
  /// Calls a closure for every SIGINT and SIGTERM; SIGHUP and SIGPIPE do nothing any more.
  ///
  /// - Returns: what must be kept as long as signals are to be received.
  static func receive(
    _ handler: @escaping @Sendable (Int32) -> Void
  ) throws(RollbookError) -> sending any DispatchSourceRead {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
      throw RollbookError(.system, "A pipe cannot be made: \(Files.errorText(errno)).")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    unsafe handlerPipe = ends[1]
    let readEnd = ends[0]
    let source = DispatchSource.makeReadSource(
      fileDescriptor: readEnd, queue: DispatchQueue(label: "rollbook.signals"))
    source.setEventHandler {
      var byte: UInt8 = 0
      while unsafe read(readEnd, &byte, 1) == 1 { handler(Int32(byte)) }
    }
    source.activate()
    for signal in [SIGINT, SIGTERM] { install(signal) { tell($0) } }
    for signal in [SIGHUP, SIGPIPE] { install(signal) { _ in } }
    return source
  }

  private static func install(
    _ signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void
  ) {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = handler
    action.sa_flags = SA_RESTART
    unsafe sigaction(signal, &action, nil)
  }

  /// Ends the process as the signal would have ended it without a handler.
  static func die(of signal: Int32) {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = SIG_DFL
    unsafe sigaction(signal, &action, nil)
    // To the process: the threads of queues block signals.
    kill(getpid(), signal)
  }
}

/// In a signal handler: nothing but what is async-signal-safe; source: signal-safety(7).
private func tell(_ signal: Int32) {
  let before = errno
  var byte = UInt8(truncatingIfNeeded: signal)
  _ = unsafe write(handlerPipe, &byte, 1)
  errno = before
}
#endif
