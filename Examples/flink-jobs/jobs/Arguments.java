package jobs;

import java.io.Serializable;
import java.util.HashMap;

/** Arguments of the form --name value. What nobody asks for is nobody's business. */
final class Arguments implements Serializable {
    private static final long serialVersionUID = 1;
    private final HashMap<String, String> values = new HashMap<>();

    Arguments(String... words) {
        for (int index = 0; index + 1 < words.length; index += 2) {
            if (!words[index].startsWith("--")) {
                throw new IllegalArgumentException("Expected --name, found: " + words[index]);
            }
            values.put(words[index].substring(2), words[index + 1]);
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String text(String name) {
        return text(name, null);
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    long number(String name, long otherwise) {
        return has(name) ? Long.parseLong(text(name)) : otherwise;
    }

    Arguments with(String name, long otherwise) {
        values.putIfAbsent(name, Long.toString(otherwise));
        return this;
    }
}
