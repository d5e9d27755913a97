package org.linformer.zoo.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.linformer.json.StrictJson;

/**
 * A text whose class is known: one line of a file of JSON lines.
 *
 * @param id where the text stands in its data set
 * @param text the text
 * @param label its class
 */
public record Example(String id, String text, String label) {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    /**
     * Reads a file of JSON lines.
     *
     * @param file the file
     * @return its examples, in the order of the lines
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if a line is no example; the message names file, line and reason
     */
    public static List<Example> read(Path file) throws IOException {
        List<Example> examples = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                try {
                    examples.add(StrictJson.read(line, Example.class));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(
                            "%s, line %d: %s".formatted(file, examples.size() + 1, e.getMessage()), e);
                }
            }
        }
        return examples;
    }

    /** Writes a file of JSON lines as a whole or not at all. */
    static void write(Path file, List<Example> examples) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        try (Writer lines = Files.newBufferedWriter(unfinished)) {
            for (Example example : examples) {
                GSON.toJson(example, lines);
                lines.write('\n');
            }
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
