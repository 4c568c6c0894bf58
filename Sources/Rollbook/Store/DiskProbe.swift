internal import Synchronization

/// Tells a test what is done to the files below a folder; where nobody watches it costs one look.
package enum DiskProbe {
  package enum Event: Sendable {
    /// A file, a folder or a link is there.
    case made
    /// A file's bytes are others.
    case changed
    /// A file's bytes, or a folder's names, are about to be made durable.
    case syncing
    case synced
    case renamed(from: String)
    case removed
  }

  package typealias Watcher = @Sendable (Event, String) -> Void

  private static let watchers = Mutex<[String: Watcher]>([:])
  private static let isWatched = Atomic(false)

  package static func watch(_ folder: String, with watcher: @escaping Watcher) {
    watchers.withLock { $0[folder] = watcher }
    isWatched.store(true, ordering: .relaxed)
  }

  package static func unwatch(_ folder: String) {
    watchers.withLock { $0[folder] = nil }
  }

  static func tell(_ event: Event, _ path: @autoclosure () -> String) {
    guard isWatched.load(ordering: .relaxed) else { return }
    let path = path()
    let watcher = watchers.withLock { watchers in
      watchers.first { path == $0.key || path.hasPrefix($0.key + "/") }?.value
    }
    watcher?(event, path)
  }
}
