package org.linformer.zoo.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.linformer.zoo.data.TextFile;

/**
 * The texts that a user names, in an order that is the same each time: text files, files of JSON lines (by their name,
 * {@code .jsonl} or {@code .ndjson}), and folders of both. A text's id is its file's path in its folder, for a JSON
 * line its own {@code id} or file and line.
 */
final class InputTexts {

    private static final Pattern JSON_LINES = Pattern.compile("(?i).*\\.(?:jsonl|ndjson)");

    private final List<Path> inputs;
    private final String field;

    /**
     * A text.
     *
     * @param id what the user knows it by
     * @param text the text
     * @param place where it stands, as a message calls it
     */
    record InputText(String id, String text, String place) {}

    /** What is done with a text. */
    interface TextReader {
        void read(InputText text) throws IOException;
    }

    InputTexts(List<Path> inputs, String field) {
        this.inputs = inputs;
        this.field = field;
    }

    /**
     * Reads all texts, one after the other.
     *
     * @throws IOException if a file cannot be read
     * @throws IllegalArgumentException if one is not what it must be; the message names file, line and reason
     */
    void forEach(TextReader reader) throws IOException {
        Map<String, Path> files = new HashMap<>();
        for (Path input : inputs) {
            if (Files.isDirectory(input)) {
                for (Path file : filesOf(input)) {
                    read(file, id(input.relativize(file)), files, reader);
                }
            } else {
                read(input, id(input), files, reader);
            }
        }
    }

    private static List<Path> filesOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(Files::isRegularFile)
                    .sorted(Comparator.comparing(InputTexts::id))
                    .toList();
        }
    }

    private static String id(Path file) {
        return file.toString().replace(File.separatorChar, '/');
    }

    private void read(Path file, String id, Map<String, Path> files, TextReader reader) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString(), null, "an input must be a file or a folder");
        }
        if (!JSON_LINES.matcher(file.getFileName().toString()).matches()) {
            requireOwn(id, file, files);
            reader.read(text(id, TextFile.read(file), file.toString()));
            return;
        }
        TextFile.readObjects(file, (line, object) -> {
            String place = TextFile.place(file, line);
            boolean hasId = object.has("id");
            if (!hasId) {
                requireOwn(id, file, files);
            }
            reader.read(text(
                    hasId ? TextFile.value(place, object, "id") : id + ":" + line,
                    TextFile.value(place, object, field),
                    place));
        });
    }

    private static void requireOwn(String id, Path file, Map<String, Path> files) {
        Path other = files.putIfAbsent(id, file);
        if (other != null && !other.equals(file)) {
            throw new IllegalArgumentException(
                    "ids of files must differ, but %s is that of %s and of %s. Name a folder above both"
                            .formatted(id, other, file));
        }
    }

    private static InputText text(String id, String text, String place) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("%s must have a text, but has a blank one".formatted(place));
        }
        return new InputText(id, text, place);
    }
}
