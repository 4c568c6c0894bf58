package jobs;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The good version: numbers 0, 1, 2 ... at a rate, counted by key, exactly once. See the README. */
public final class Counting {
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        if (arguments.has("arguments")) {
            Files.write(Path.of(arguments.text("arguments")), java.util.List.of(args));
        }
        run(arguments, new Counter(arguments), "count");
    }

    static void run(Arguments arguments, Counter counter, String uid) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        build(environment, arguments, counter, uid);
        environment.execute(arguments.text("name", "counting"));
    }

    static void build(
            StreamExecutionEnvironment environment, Arguments arguments, Counter counter, String uid) {
        DataGeneratorSource<Long> numbers = new DataGeneratorSource<>(
                number -> number,
                arguments.number("numbers", Long.MAX_VALUE),
                RateLimiterStrategy.perSecond(arguments.number("rate", 100)),
                Types.LONG);
        int keys = (int) arguments.number("keys", 32);
        environment
                .fromSource(numbers, WatermarkStrategy.noWatermarks(), "numbers")
                .uid("numbers")
                .setParallelism((int) arguments.number("sources", 1))
                .keyBy(number -> (int) (number % keys), Types.INT)
                .process(counter)
                .uid(uid)
                .name("count");
    }

    private Counting() {}
}
