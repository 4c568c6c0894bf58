#if Flink
/// What Flink's REST interface answers: the members that are read, under their names there.
/// Source: real answers of 1.19.1, 1.20.1 and 2.1.0.
enum ClusterAnswers {
  /// GET /config
  struct Configuration: Decodable {
    struct Features: Decodable {
      /// Of the adaptive scheduler alone.
      let rescales: Bool?
      enum CodingKeys: String, CodingKey { case rescales = "web-rescale" }
    }
    let version: String
    let features: Features?
    /// For how long an answer about a job may be kept, in milliseconds.
    let refreshInterval: Double?
    enum CodingKeys: String, CodingKey {
      case version = "flink-version"
      case features
      case refreshInterval = "refresh-interval"
    }
  }

  /// GET /jobmanager/config
  struct Setting: Decodable {
    let key: String
    let value: String
  }

  /// GET /jars
  struct Jars: Decodable {
    struct File: Decodable {
      let id: String
      let name: String
    }
    let files: [File]
  }

  /// POST /jars/upload
  struct Upload: Decodable {
    let filename: String
  }

  /// GET /jobs
  struct Jobs: Decodable {
    struct Job: Decodable {
      let id: String
      let status: String
    }
    let jobs: [Job]
  }

  /// GET /jobs/:id
  struct Job: Decodable {
    struct Vertex: Decodable {
      let id: String
      let name: String
      let parallelism: Int
      let tasks: [String: Int]
    }
    let state: String
    /// The cluster's time, in milliseconds.
    let now: Int64
    let timestamps: [String: Int64]
    let vertices: [Vertex]
  }

  /// GET /jobs/:id/exceptions
  struct Exceptions: Decodable {
    struct Entry: Decodable {
      let stacktrace: String?
      let taskName: String?
      let concurrentExceptions: [Entry]?
    }
    struct History: Decodable {
      let entries: [Entry]
    }
    let rootException: String?
    let exceptionHistory: History?
    enum CodingKeys: String, CodingKey {
      // Gone in Flink 2.
      case rootException = "root-exception"
      case exceptionHistory
    }
  }

  /// GET /jobs/:id/checkpoints
  struct Checkpoints: Decodable {
    struct Checkpoint: Decodable {
      let id: Int64
      let path: String?
      let size: Int64?
      let failure: String?
      enum CodingKeys: String, CodingKey {
        case id
        case path = "external_path"
        case size = "state_size"
        case failure = "failure_message"
      }
    }
    struct Latest: Decodable {
      let completed: Checkpoint?
      let savepoint: Checkpoint?
      let failed: Checkpoint?
      let restored: Checkpoint?
    }
    /// The newest ten, in any state.
    struct Entry: Decodable {
      let id: Int64
      let status: String
      let isSavepoint: Bool
      enum CodingKeys: String, CodingKey {
        case id
        case status
        case isSavepoint = "is_savepoint"
      }
    }
    let latest: Latest
    let history: [Entry]
  }

  /// GET /jobs/:id/checkpoints/config
  struct CheckpointSettings: Decodable {
    struct Externalization: Decodable {
      let enabled: Bool
      let deletesOnCancellation: Bool
      enum CodingKeys: String, CodingKey {
        case enabled
        case deletesOnCancellation = "delete_on_cancellation"
      }
    }
    let externalization: Externalization
    /// Milliseconds.
    let interval: Int64
    let tolerated: Int?
    enum CodingKeys: String, CodingKey {
      case externalization
      case interval
      case tolerated = "tolerable_failed_checkpoints"
    }
  }

  /// GET /jobs/:id/savepoints/:trigger, and of a disposal
  struct Trigger: Decodable {
    struct Status: Decodable {
      let id: String
    }
    struct Operation: Decodable {
      struct Cause: Decodable {
        let text: String
        enum CodingKeys: String, CodingKey { case text = "stack-trace" }
      }
      let location: String?
      let cause: Cause?
      enum CodingKeys: String, CodingKey {
        case location
        case cause = "failure-cause"
      }
    }
    let status: Status
    let operation: Operation?
  }

  /// GET /taskmanagers
  struct TaskManagers: Decodable {
    struct TaskManager: Decodable {
      let id: String
    }
    let taskmanagers: [TaskManager]
  }

  /// GET /taskmanagers/:id
  struct TaskManager: Decodable {
    struct Slot: Decodable {
      let jobId: String
    }
    let allocatedSlots: [Slot]?
  }

  /// GET /jobs/:id/resource-requirements, of the adaptive scheduler alone
  struct ResourceRequirement: Decodable {
    struct Parallelism: Decodable {
      let upperBound: Int
    }
    let parallelism: Parallelism
  }

  /// Any error
  struct Errors: Decodable {
    let errors: [String]
  }
}
#endif
