internal import CRollbookProcess
internal import Glibc
internal import Rollbook

/// A program that is to be started with default signals and no descriptor but those named.
struct Spawn {
  var path: String
  var arguments: [String]
  var environment: [String: String]
  var folder: String?
  var input: Int32
  /// Standard output and standard error.
  var output: Int32
  /// Becomes descriptor 3.
  var extra: Int32 = -1
  /// 0 for a process group of its own, nil to stay in the starter's.
  var group: Int32?
  var isSessionLeader = false

  /// Starts it.
  ///
  /// - Returns: the process id, or the system's error number, that of exec included.
  func start() -> Result<Int32, SpawnError> {
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var pid: pid_t = 0
    let code = unsafe withCStrings(arguments) { arguments in
      unsafe withCStrings(variables) { variables in
        unsafe path.withCString { path in
          unsafe withOptionalCString(folder) { folder in
            var program = unsafe rollbook_program(
              path: path, arguments: arguments, environment: variables, folder: folder,
              input: input, output: output, extra: extra, group: group ?? -1,
              session: isSessionLeader ? 1 : 0)
            return unsafe rollbook_spawn(&program, &pid)
          }
        }
      }
    }
    return code == 0 ? .success(pid) : .failure(SpawnError(code: code))
  }
}

struct SpawnError: Error {
  let code: Int32
}

/// Lends strings as a list that C can read, ended by NULL.
private func withCStrings<Value>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
  var pointers = unsafe strings.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
  return unsafe body(&pointers)
}

private func withOptionalCString<Value>(
  _ string: String?, _ body: (UnsafePointer<CChar>?) -> Value
) -> Value {
  guard let string else { return body(nil) }
  return unsafe string.withCString { unsafe body($0) }
}

/// What a signal is called.
enum SignalName {
  static func of(_ number: Int32) -> String {
    guard let name = unsafe rollbook_signal_name(number) else { return "signal \(number)" }
    return "signal \(number) (SIG\(unsafe String(cString: name)))"
  }
}
