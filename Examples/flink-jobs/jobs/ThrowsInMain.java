package jobs;

/** The version that the story is about. */
public final class ThrowsInMain {
    public static void main(String[] args) throws Exception {
        throw new Exception("Exception thrown to show system-rollback");
    }

    private ThrowsInMain() {}
}
