package jobs;

import org.apache.flink.api.common.functions.OpenContext;

/** Fails before its first number. */
public final class FailsInOpen extends Counter {
    private static final long serialVersionUID = 1;

    private FailsInOpen(Arguments arguments) {
        super(arguments);
    }

    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        Counting.run(arguments, new FailsInOpen(arguments), "count");
    }

    @Override
    public void open(OpenContext context) throws Exception {
        throw new IllegalStateException("open() fails, as this version is made to");
    }
}
