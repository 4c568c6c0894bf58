package jobs;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Its job runs, and then its main fails. */
public final class ThrowsAfterExecuting {
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        Counting.build(environment, arguments, new Counter(arguments), "count");
        environment.executeAsync("counting");
        throw new IllegalStateException("main() fails after it has executed");
    }

    private ThrowsAfterExecuting() {}
}
