package jobs;

/** Ends the JVM that its main runs in, if it is let: that is the JobManager. */
public final class ExitsInMain {
    public static void main(String[] args) throws Exception {
        System.exit(3);
    }

    private ExitsInMain() {}
}
