package jobs;

/** Knows its counter by another uid: the state that was saved has nowhere to go. */
public final class UidChanged {
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        Counting.run(arguments, new Counter(arguments), "count-renamed");
    }

    private UidChanged() {}
}
