package jobs;

import java.nio.file.Files;
import java.nio.file.Path;

/** Executes only after --seconds, 10 unless given; creates the file --begun before that. */
public final class SleepsInMain {
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        if (arguments.has("begun")) {
            Files.createFile(Path.of(arguments.text("begun")));
        }
        Thread.sleep(arguments.number("seconds", 10) * 1000);
        Counting.main(args);
    }

    private SleepsInMain() {}
}
