package jobs;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.util.Collector;

/** Runs well for --seconds, 3 unless given, and then fails. */
public final class FailsLater extends Counter {
    private static final long serialVersionUID = 1;
    private final long seconds;
    private transient long opened;

    private FailsLater(Arguments arguments) {
        super(arguments);
        seconds = arguments.number("seconds", 3);
    }

    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        Counting.run(arguments, new FailsLater(arguments), "count");
    }

    @Override
    public void open(OpenContext context) throws Exception {
        super.open(context);
        opened = System.nanoTime();
    }

    @Override
    public void processElement(Long value, Context context, Collector<Void> collector) throws Exception {
        super.processElement(value, context, collector);
        if (System.nanoTime() - opened > seconds * 1_000_000_000) {
            throw new IllegalStateException("fails after " + seconds + " s, as this version is made to");
        }
    }
}
