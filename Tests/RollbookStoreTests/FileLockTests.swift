import Dispatch
import Glibc
import Rollbook
import Synchronization
import Testing

@Suite struct FileLockTests {
  let scratch: Scratch
  let path: String

  init() throws {
    scratch = try Scratch()
    path = scratch.path + "/lock"
  }

  @Test("A held lock excludes others of the same process, and going frees it")
  func excludes() throws {
    do {
      let first = try FileLock.tryAcquire(path)
      let second = try FileLock.tryAcquire(path)
      let excluded = first != nil && second == nil
      #expect(excluded)
      #expect(try FileLock.isHeld(path))
      // Closing another descriptor of the file does not lose the lock.
      _ = FileLock.read(path)
      #expect(try FileLock.isHeld(path))
    }
    #expect(try !FileLock.isHeld(path))
    let third = try FileLock.tryAcquire(path)
    let isFree = third != nil
    #expect(isFree)
  }

  @Test("The holder tells who it is")
  func holder() throws {
    #expect(FileLock.read(path) == nil)
    let lock = try FileLock.acquire(path)
    lock.write("a longer text")
    lock.write("pid 42")
    #expect(FileLock.read(path) == "pid 42")
    #expect(scratch.mode("lock") == 0o600)
  }

  @Test("A waiter gets the lock when the holder goes")
  func waits() async throws {
    let path = path
    let order = Mutex<[String]>([])
    var lock = try FileLock.tryAcquire(path)
    await withCheckedContinuation { (started: CheckedContinuation<Void, Never>) in
      startThread {
        started.resume()
        let mine = try? FileLock.acquire(path)
        let isMine = mine != nil
        order.withLock { $0.append(isMine ? "waiter" : "failed") }
      }
    }
    order.withLock { $0.append("holder") }
    _ = lock.take()
    while order.withLock({ $0.count }) < 2 { sched_yield() }
    #expect(order.withLock { $0 } == ["holder", "waiter"])
  }

  @Test("A lock in a folder that is missing is an error that names it")
  func missingFolder() {
    #expect {
      _ = try FileLock.tryAcquire(path + "/no/lock")
    } throws: { error in
      (error as? RollbookError)?.message.contains(path + "/no/lock") == true
    }
  }
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
  DispatchQueue(label: "test").async(execute: body)
}
