internal import Glibc

/// An open file or folder, closed when its owner goes.
package struct Descriptor: ~Copyable, Sendable {
  package let raw: Int32

  package init(adopting raw: Int32) { self.raw = raw }

  deinit { close(raw) }

  /// Opens a file or folder; it is never inherited by a program that is started.
  ///
  /// - Throws: `system`, with the path and the system's text.
  package static func open(
    _ path: String, _ flags: Int32, mode: UInt32 = 0o600
  ) throws(RollbookError) -> Descriptor {
    let raw = retrying { unsafe Glibc.open(path, flags | O_CLOEXEC, mode) }
    guard raw >= 0 else { throw Files.failure("open", path) }
    if flags & O_CREAT != 0 { DiskProbe.tell(.made, path) }
    return Descriptor(adopting: raw)
  }

  /// Reads up to the array's size; 0 at the end.
  package borrowing func read(
    into array: inout [UInt8], path: @autoclosure () -> String
  ) throws(RollbookError) -> Int {
    let file = raw
    let count = unsafe array.withUnsafeMutableBytes { buffer in
      retrying { unsafe Glibc.read(file, buffer.baseAddress, buffer.count) }
    }
    if count < 0 { throw Files.failure("read", path()) }
    return count
  }

  /// Writes the first `count` bytes of an array.
  package borrowing func write(
    _ bytes: [UInt8], count: Int, path: @autoclosure () -> String
  ) throws(RollbookError) {
    var written = 0
    while written < count {
      let file = raw
      let result = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written..<count])
        return retrying { unsafe Glibc.write(file, rest.baseAddress, rest.count) }
      }
      if result < 0 { throw Files.failure("write", path()) }
      written += result
    }
    DiskProbe.tell(.changed, path())
  }

  package borrowing func sync(path: @autoclosure () -> String) throws(RollbookError) {
    DiskProbe.tell(.syncing, path())
    if fsync(raw) != 0 { throw Files.failure("sync", path()) }
    DiskProbe.tell(.synced, path())
  }
}

/// Makes a system call again while a signal interrupts it.
package func retrying<Count: FixedWidthInteger>(_ call: () -> Count) -> Count {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
