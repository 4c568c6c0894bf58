#if CommandLine && Flink
import Testing

/// On a real Apache Flink cluster. `scripts/test --skip FlinkTests` leaves them out.
@Suite(.timeLimit(.minutes(10))) struct FlinkTests {}
#endif
