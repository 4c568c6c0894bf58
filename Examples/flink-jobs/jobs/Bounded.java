package jobs;

/** Finishes by itself after --numbers, 200 unless given. */
public final class Bounded {
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args).with("numbers", 200);
        Counting.run(arguments, new Counter(arguments), "count");
    }

    private Bounded() {}
}
