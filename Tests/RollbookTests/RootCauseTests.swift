import Rollbook
import Testing

@Suite struct RootCauseTests {
  static let cases: [(String, String?)] = [
    ("", nil),
    (" \n\t\n", nil),
    ("starting\nlistening on 8080\n\n", "listening on 8080"),
    ("ok\nERROR disk full\nbye\n", "ERROR disk full"),
    ("first error\nsecond Exception seen\nbye", "second Exception seen"),
    ("error one\r\nnothing\r\n", "error one"),
    ("10%\r50%\rerror at 60%\r", "error at 60%"),
    (
      """
      java.lang.RuntimeException: outer
      \tat a.b.C(D.java:1)
      Caused by: java.io.IOException: middle
      \tat a.b.C(D.java:2)
      Caused by: java.net.ConnectException: Connection refused
      \t... 3 more
      shutting down with error
      """, "java.net.ConnectException: Connection refused"
    ),
    (
      """
      error: earlier
      Traceback (most recent call last):
        File "app.py", line 3, in <module>
          main()
      ValueError: no broker at kafka:9092
      cleaning up after an error
      """, "ValueError: no broker at kafka:9092"
    ),
    (
      """
      Traceback (most recent call last):
        File "a.py", line 1
      KeyError: 'x'

      During handling of the above exception, another exception occurred:

      Traceback (most recent call last):
        File "a.py", line 3

      app.ConfigError: no such key
      """, "app.ConfigError: no such key"
    ),
    ("  Traceback (most recent call last):\n    File \"a\"\n  OSError: gone\n", "OSError: gone"),
    ("Traceback (most recent call last):\n  File \"cut\"", "File \"cut\""),
    (
      "Exception in thread \"main\" java.lang.IllegalStateException: no topic\n\tat x.Y.main(Y:1)",
      "java.lang.IllegalStateException: no topic"
    ),
    ("Exception in thread cut", "Exception in thread cut"),
    (
      "App/main.swift:3: Fatal error: Index out of range\nCurrent stack trace:\nerror frame",
      "App/main.swift:3: Fatal error: Index out of range"
    ),
    (
      "thread 'main' panicked at src/main.rs:2:5:\nindex out of bounds",
      "thread 'main' panicked at src/main.rs:2:5: index out of bounds"
    ),
    (
      "panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nexit status 2 error",
      "panic: runtime error: index out of range [5]"
    ),
    (
      "fatal error: all goroutines are asleep - deadlock!",
      "fatal error: all goroutines are asleep - deadlock!"
    ),
  ]

  @Test("The line that says why", arguments: cases)
  func picks(text: String, expected: String?) {
    #expect(RootCause.pick(from: text) == expected)
  }

  @Test("Without a line about an error, the last one is taken only where that is wanted")
  func lastLine() {
    #expect(RootCause.pick(from: "listening", orLastLine: false) == nil)
    #expect(RootCause.pick(from: "an error\nlistening", orLastLine: false) == "an error")
  }

  @Test("One line of at most 512 characters")
  func limited() {
    let cause = RootCause.pick(from: "error: " + String(repeating: "ä", count: 2000))
    #expect(cause?.count == RootCause.limit)
  }
}
