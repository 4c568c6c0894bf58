package jobs;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Builds everything, and forgets to execute it. */
public final class NeverExecutes {
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        Counting.build(
                StreamExecutionEnvironment.getExecutionEnvironment(),
                arguments,
                new Counter(arguments),
                "count");
    }

    private NeverExecutes() {}
}
