package jobs;

import org.apache.flink.util.Collector;

/** Runs, and fails at the first number. */
public final class NullPointer extends Counter {
    private static final long serialVersionUID = 1;

    private NullPointer(Arguments arguments) {
        super(arguments);
    }

    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        Counting.run(arguments, new NullPointer(arguments), "count");
    }

    @Override
    public void processElement(Long value, Context context, Collector<Void> collector) throws Exception {
        String nothing = value < 0 ? "negative" : null;
        nothing.length();
    }
}
