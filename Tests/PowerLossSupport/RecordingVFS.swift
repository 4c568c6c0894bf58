import CRollbookSQLite
import Glibc
import Synchronization

/// SQLite's own file system, which tells a recorder of every write, sync and removal below a folder that
/// is watched, and fails where a disk is to fail. Everything else is done as it would be without it.
enum RecordingVFS {
  private static let watched = Mutex<[String: DiskRecorder]>([:])

  /// Makes it the file system of all connections that are opened from now on, once.
  static let isRegistered: Bool = {
    guard let real = unsafe sqlite3_vfs_find(nil) else { return false }
    unsafe System.real = unsafe real
    var vfs = unsafe real.pointee
    unsafe vfs.zName = UnsafePointer(strdup("recording"))
    unsafe vfs.pNext = nil
    unsafe vfs.szOsFile += Int32(MemoryLayout<RecordedFile>.stride)
    unsafe vfs.xOpen = openRecorded
    unsafe vfs.xDelete = deleteRecorded
    let place = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    unsafe place.initialize(to: vfs)
    return unsafe sqlite3_vfs_register(place, 1) == SQLITE_OK
  }()

  static func watch(_ folder: String, with recorder: DiskRecorder) {
    precondition(isRegistered, "SQLite takes no other file system")
    watched.withLock { $0[folder] = recorder }
  }

  static func unwatch(_ folder: String) {
    watched.withLock { $0[folder] = nil }
  }

  private static let failing = Mutex<[String: FailingDisk]>([:])

  static func fail(_ folder: String, by disk: FailingDisk) {
    precondition(isRegistered, "SQLite takes no other file system")
    failing.withLock { $0[folder] = disk }
  }

  static func heal(_ folder: String) {
    failing.withLock { $0[folder] = nil }
  }

  /// What becomes of a call on a file that lies in a folder.
  fileprivate static func verdict(on call: FailingDisk.Call, in folder: String)
    -> FailingDisk.Verdict
  {
    failing.withLock { $0[folder] }?.verdict(on: call) ?? .passes
  }

  /// The folder of a file whose calls may fail; nil for the WAL's index, which is memory.
  fileprivate static func folder(of path: String) -> String? {
    guard let slash = path.lastIndex(of: "/"), !path.hasSuffix("-shm") else { return nil }
    return String(path[..<slash])
  }

  /// Who watches the folder that a file lies in, and the file's name there.
  fileprivate static func recorder(of path: String) -> (DiskRecorder, String)? {
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let name = String(path[path.index(after: slash)...])
    // The index is rebuilt from the WAL, and what is in it need not survive.
    if name.hasSuffix("-shm") { return nil }
    return watched.withLock { $0[String(path[..<slash])] }.map { ($0, name) }
  }
}

/// What the callbacks, which capture nothing, find: written once, before the first of them is called.
private enum System {
  nonisolated(unsafe) static var real: UnsafeMutablePointer<sqlite3_vfs>?

  nonisolated(unsafe) static let methods: UnsafePointer<sqlite3_io_methods> = {
    let place = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    unsafe place.initialize(to: recordedMethods())
    return unsafe UnsafePointer(place)
  }()
}

/// In front of the real file's own bytes.
@unsafe private struct RecordedFile {
  var base: sqlite3_file
  var recording: Unmanaged<Recording>?
  var place: Unmanaged<Place>?
}

/// Where a file lies.
private final class Place {
  let folder: String
  init(_ folder: String) { self.folder = folder }
}

private final class Recording {
  let recorder: DiskRecorder
  let name: String

  init(_ recorder: DiskRecorder, _ name: String) {
    self.recorder = recorder
    self.name = name
  }
}

private typealias File = UnsafeMutablePointer<sqlite3_file>

extension UnsafeMutablePointer<sqlite3_file> {
  fileprivate var real: File {
    unsafe UnsafeMutableRawPointer(self).advanced(by: MemoryLayout<RecordedFile>.stride)
      .assumingMemoryBound(to: sqlite3_file.self)
  }

  fileprivate var shim: UnsafeMutablePointer<RecordedFile> {
    unsafe UnsafeMutableRawPointer(self).assumingMemoryBound(to: RecordedFile.self)
  }

  /// The real file's methods: it is open as long as SQLite calls ours.
  fileprivate var methods: sqlite3_io_methods { unsafe real.pointee.pMethods.pointee }

  /// Does what changes a file, unless the disk fails there; tells where it was done.
  fileprivate func change(
    _ call: FailingDisk.Call, failure: Int32, _ body: () -> Int32,
    done: (DiskRecorder, String) -> Void
  ) -> Int32 {
    let place = unsafe shim.pointee.place?.takeUnretainedValue()
    let verdict = place.map { RecordingVFS.verdict(on: call, in: $0.folder) } ?? .passes
    if verdict != .fails {
      let status = body()
      if status != SQLITE_OK { return status }
      unsafe record(done)
    }
    if verdict == .passes { return SQLITE_OK }
    errno = EIO
    return failure
  }

  fileprivate func record(_ body: (DiskRecorder, String) -> Void) {
    guard let recording = unsafe shim.pointee.recording?.takeUnretainedValue() else { return }
    body(recording.recorder, recording.name)
  }
}

private func openRecorded(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ file: File?,
  _ flags: Int32, _ opened: UnsafeMutablePointer<Int32>?
) -> Int32 {
  guard let file = unsafe file, let real = unsafe System.real else { return SQLITE_CANTOPEN }
  let status = unsafe real.pointee.xOpen(real, name, file.real, flags, opened)
  // Without methods SQLite does not close what could not be opened.
  unsafe file.shim.initialize(to: RecordedFile(base: sqlite3_file(), recording: nil, place: nil))
  guard unsafe file.real.pointee.pMethods != nil else { return status }
  unsafe file.pointee.pMethods = unsafe System.methods
  guard status == SQLITE_OK, let name = unsafe name else { return status }
  if let folder = unsafe RecordingVFS.folder(of: String(cString: name)) {
    unsafe file.shim.pointee.place = Unmanaged.passRetained(Place(folder))
  }
  guard let (recorder, short) = unsafe RecordingVFS.recorder(of: String(cString: name)) else {
    return status
  }
  recorder.opened(short) { unsafe wholeFile(file) }
  unsafe file.shim.pointee.recording = Unmanaged.passRetained(Recording(recorder, short))
  return status
}

/// By the file that is open already: opening another, and closing it, would drop SQLite's locks.
private func wholeFile(_ file: File) -> [UInt8] {
  var size: sqlite3_int64 = 0
  guard unsafe file.methods.xFileSize(file.real, &size) == SQLITE_OK, size > 0 else { return [] }
  return unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
    let status = unsafe file.methods.xRead(file.real, buffer.baseAddress, Int32(size), 0)
    count = status == SQLITE_OK ? Int(size) : 0
  }
}

private func deleteRecorded(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ isSynced: Int32
) -> Int32 {
  guard let real = unsafe System.real else { return SQLITE_IOERR }
  let status = unsafe real.pointee.xDelete(real, name, isSynced)
  if status == SQLITE_OK, let name = unsafe name,
    let (recorder, short) = unsafe RecordingVFS.recorder(of: String(cString: name))
  {
    recorder.removed(short, isSynced: isSynced != 0)
  }
  return status
}

/// SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC and SQLITE_IOERR_TRUNCATE, which are no plain numbers in C.
private enum Failure {
  static let write: Int32 = 778
  static let sync: Int32 = 1034
  static let truncate: Int32 = 1546
}

/// The methods of a file: those that change something are told of, after they were done.
private func recordedMethods() -> sqlite3_io_methods {
  var methods = sqlite3_io_methods()
  methods.iVersion = 2
  unsafe methods.xClose = { file in
    guard let file = unsafe file else { return SQLITE_OK }
    let status = unsafe file.methods.xClose(file.real)
    unsafe file.shim.pointee.recording?.release()
    unsafe file.shim.pointee.recording = nil
    unsafe file.shim.pointee.place?.release()
    unsafe file.shim.pointee.place = nil
    return status
  }
  unsafe methods.xRead = { file, bytes, count, offset in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.methods.xRead(file.real, bytes, count, offset)
  }
  unsafe methods.xWrite = { file, bytes, count, offset in
    guard let file = unsafe file, let bytes = unsafe bytes else { return SQLITE_IOERR }
    return unsafe file.change(.write, failure: Failure.write) {
      unsafe file.methods.xWrite(file.real, bytes, count, offset)
    } done: { recorder, name in
      let written = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
      recorder.wrote(written, at: Int(offset), to: name)
    }
  }
  unsafe methods.xTruncate = { file, size in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.change(.truncate, failure: Failure.truncate) {
      unsafe file.methods.xTruncate(file.real, size)
    } done: {
      $0.cut(name: $1, to: Int(size))
    }
  }
  unsafe methods.xSync = { file, flags in
    guard let file = unsafe file else { return SQLITE_IOERR }
    unsafe file.record { $0.beginsSync(of: $1) }
    return unsafe file.change(.sync, failure: Failure.sync) {
      unsafe file.methods.xSync(file.real, flags)
    } done: {
      $0.synced($1)
    }
  }
  addPassedOn(to: &methods)
  addSharedMemory(to: &methods)
  return methods
}

private func addPassedOn(to methods: inout sqlite3_io_methods) {
  unsafe methods.xFileSize = { file, size in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.methods.xFileSize(file.real, size)
  }
  unsafe methods.xLock = { file, level in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.methods.xLock(file.real, level)
  }
  unsafe methods.xUnlock = { file, level in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.methods.xUnlock(file.real, level)
  }
  unsafe methods.xCheckReservedLock = { file, result in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.methods.xCheckReservedLock(file.real, result)
  }
  unsafe methods.xFileControl = { file, operation, argument in
    guard let file = unsafe file else { return SQLITE_NOTFOUND }
    return unsafe file.methods.xFileControl(file.real, operation, argument)
  }
  unsafe methods.xSectorSize = { file in
    guard let file = unsafe file else { return 4096 }
    return unsafe file.methods.xSectorSize(file.real)
  }
  unsafe methods.xDeviceCharacteristics = { file in
    guard let file = unsafe file else { return 0 }
    return unsafe file.methods.xDeviceCharacteristics(file.real)
  }
}

private func addSharedMemory(to methods: inout sqlite3_io_methods) {
  unsafe methods.xShmMap = { file, page, size, extends, place in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.methods.xShmMap(file.real, page, size, extends, place)
  }
  unsafe methods.xShmLock = { file, offset, count, flags in
    guard let file = unsafe file else { return SQLITE_IOERR }
    return unsafe file.methods.xShmLock(file.real, offset, count, flags)
  }
  unsafe methods.xShmBarrier = { file in
    guard let file = unsafe file else { return }
    unsafe file.methods.xShmBarrier(file.real)
  }
  unsafe methods.xShmUnmap = { file, removes in
    guard let file = unsafe file else { return SQLITE_OK }
    return unsafe file.methods.xShmUnmap(file.real, removes)
  }
}
