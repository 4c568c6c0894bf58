package jobs;

/** Executes only after --seconds, 10 unless given. */
public final class SleepsInMain {
    public static void main(String[] args) throws Exception {
        Thread.sleep(new Arguments(args).number("seconds", 10) * 1000);
        Counting.main(args);
    }

    private SleepsInMain() {}
}
