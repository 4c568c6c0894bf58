package jobs;

import org.apache.flink.runtime.state.FunctionSnapshotContext;

/** Takes --seconds, 3 unless given, for each checkpoint and savepoint. */
public final class SavesSlowly extends Counter {
    private static final long serialVersionUID = 1;
    private final long seconds;

    private SavesSlowly(Arguments arguments) {
        super(arguments);
        seconds = arguments.number("seconds", 3);
    }

    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        Counting.run(arguments, new SavesSlowly(arguments), "count");
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        Thread.sleep(seconds * 1000);
        super.snapshotState(context);
    }
}
