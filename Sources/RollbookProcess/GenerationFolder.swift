internal import FoundationEssentials
package import Rollbook

/// The folder of one generation: `run/<application id>/<token>`, made of ids only.
package struct GenerationFolder: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  package init(_ home: Home, _ application: ApplicationID, _ token: GenerationToken) {
    path = "\(home.run)/\(application)/\(token)"
  }

  /// What is to run; secret values are not in it.
  package var spec: String { path + "/spec.json" }
  /// Locked by the keeper as long as the generation lives.
  package var alive: String { path + "/alive" }
  /// Who the keeper is.
  package var identity: String { path + "/identity" }
  /// Made when the gate has opened, before anything of the program is executed.
  package var started: String { path + "/started" }
  /// Made when the ready check has passed.
  package var ready: String { path + "/ready" }
  /// What the newest ready check that has ended wrote.
  var readyLog: String { path + "/ready.log" }
  /// What the ready check that runs has written.
  var readyLogPartial: String { path + "/ready.log.partial" }
  /// The pipe to which ready checks write.
  var readyPipe: String { path + "/ready.pipe" }
  /// Made before a process is ended by SIGKILL.
  var killed: String { path + "/killed" }
  /// The outcome as far as it is known when the processes are told to end, for whatever reason.
  var ending: String { path + "/ending" }
  /// How the generation ended.
  package var outcome: String { path + "/outcome.json" }
  /// The keeper's socket; relative, since the address of a socket is at most 107 bytes long.
  static let controlName = "control"
  package var state: String { path + "/state" }
  package var work: String { path + "/work" }
  /// The version's property groups; the name is that of the managed service's file.
  package var properties: String { path + "/application_properties.json" }
  /// The pipe to which the instances write, for the keeper to log it.
  ///
  /// It has a name, and each instance holds both of its ends: so a program that speaks outlives its
  /// keeper, and whoever ends what a killed keeper left can take what is said meanwhile.
  package var output: String { path + "/output" }
  /// What the keeper itself has to say.
  var keeperLog: String { path + "/keeper.log" }
}

extension GenerationFolder {
  /// What ready checks said, for people; nil where they said nothing.
  func readyCheckOutput() -> String? {
    // One that hangs may be the first, and never end.
    for (path, which) in [(readyLog, "newest"), (readyLogPartial, "running")] {
      let said = GenerationLog(path: path).tail(limit: ReadyCheck.outputLimit)
      if !said.isEmpty { return "The \(which) ready check said:\n\(said)" }
    }
    return nil
  }
}

/// What a keeper is to run.
struct GenerationSpec: Codable, Sendable {
  var token: String
  /// How errors call the program: the code's name, or `run` within it.
  var displayName: String
  var executable: String
  /// The arguments, the zeroth included.
  var arguments: [String]
  /// The environment of every instance, without its number and without secrets.
  var environment: [String: String]
  var instances: Int
  var readyCheck: String?
  var stopGraceSeconds: Double
  /// How long every instance must go on once it is ready, for the generation to count as RUNNING.
  var settleSeconds: Double
  /// The log's absolute path.
  var log: String
  /// The size at which the log is moved to `.1`.
  var logLimit: Int64
  var bootID: String
}

/// Which process a keeper is: nothing else on this machine ever is the same three.
package struct KeeperIdentity: Codable, Sendable, Equatable {
  package var bootID: String
  package var pid: Int32
  /// Clock ticks since the machine started.
  package var startTime: UInt64
}

/// How a generation ended, as its keeper saw it.
struct GenerationOutcome: Codable, Sendable {
  struct Instance: Codable, Sendable {
    /// The exit status; nil where a signal ended it.
    var status: Int32?
    var signal: Int32?
    var at: Timestamp

    var isSuccess: Bool { status == 0 }
  }

  /// By instance; nil for one that never started or whose end nobody saw.
  var instances: [Instance?]
  /// The instance whose end ended the others: one that failed, or one that exited with success
  /// before the generation counted as RUNNING.
  var first: Int?
  /// Somebody asked for the end by the control channel.
  var isRequested = false
  /// The keeper was asked to end by SIGTERM, as when the machine goes down.
  var isInterrupted = false
  /// Why the program could not be executed.
  var startFailure: String?
  /// The size of the log when the first instance ended: what follows is what the others said. Less
  /// than 0 where that is so many bytes before the end of what was moved away since.
  var logEnd: Int64?
  /// Processes that SIGKILL did not end in time.
  var survivors: [Int32] = []
  var startedAt: Timestamp
  var endedAt: Timestamp
}

/// Between starter and keeper, one JSON text per line: the keeper says who it is, the starter opens
/// the gate, the keeper says how the start went.
enum GateMessage: Codable, Sendable {
  case waiting(KeeperIdentity)
  case open(secrets: [String: String])
  case running
  case failed(String)
}

enum JSON {
  static func encode(_ value: some Encodable) throws(RollbookError) -> [UInt8] {
    do {
      return try Array(JSONEncoder().encode(value))
    } catch {
      throw RollbookError(.system, "cannot write JSON: \(error)")
    }
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, _ bytes: [UInt8], from path: String
  ) throws(RollbookError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw RollbookError(.system, "\(path) holds no \(type): \(error)")
    }
  }

  /// The value in a file; nil where there is no file.
  static func read<Value: Decodable>(
    _ type: Value.Type, _ path: String
  ) throws(RollbookError) -> Value? {
    guard let bytes = try Files.read(path) else { return nil }
    return try decode(type, bytes, from: path)
  }
}
