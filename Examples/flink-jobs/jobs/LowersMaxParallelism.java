package jobs;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Wants a maximum parallelism, --max, 2 unless given: state is kept for another one. */
public final class LowersMaxParallelism {
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        environment.setMaxParallelism((int) arguments.number("max", 2));
        Counting.build(environment, arguments, new Counter(arguments), "count");
        environment.execute("counting");
    }

    private LowersMaxParallelism() {}
}
