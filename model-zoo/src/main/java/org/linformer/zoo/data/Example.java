package org.linformer.zoo.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A text whose class is known: one line of a file of JSON lines.
 *
 * @param id where the text stands in its data set
 * @param text the text
 * @param label its class
 */
public record Example(String id, String text, String label) {

    /**
     * Reads a file of JSON lines.
     *
     * @param file the file
     * @return its examples, in the order of the lines
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if a line is no example; the message names file, line and reason
     */
    public static List<Example> read(Path file) throws IOException {
        return JsonLines.read(file, Example.class);
    }

    /**
     * Reads a file of examples for a model.
     *
     * @param file the file
     * @param labels the labels that they may have
     * @return its examples, in the order of the lines
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if a line is no example, or has another label; the message names file, line and
     *     reason
     */
    public static List<Example> read(Path file, List<String> labels) throws IOException {
        return JsonLines.read(file, Example.class, example -> {
            if (!labels.contains(example.label())) {
                throw new IllegalArgumentException(
                        "label must be one of %s, but is %s".formatted(labels, example.label()));
            }
        });
    }
}
