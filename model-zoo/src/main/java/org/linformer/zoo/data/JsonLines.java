package org.linformer.zoo.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.linformer.json.StrictJson;

/** A file of JSON lines: a record in each. */
final class JsonLines {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private JsonLines() {}

    /** Reads all records; the message about a line that is none names file, line and reason. */
    static <T extends Record> List<T> read(Path file, Class<T> type) throws IOException {
        return read(file, type, record -> {});
    }

    /** The same, where each record is checked too, which throws an IllegalArgumentException. */
    static <T extends Record> List<T> read(Path file, Class<T> type, Consumer<T> check) throws IOException {
        List<T> records = new ArrayList<>();
        TextFile.readLines(file, (number, line) -> {
            try {
                T record = StrictJson.read(line, type);
                check.accept(record);
                records.add(record);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("%s: %s".formatted(TextFile.place(file, number), e.getMessage()), e);
            }
        });
        return records;
    }

    /** Writes the file as a whole or not at all. */
    static void write(Path file, List<? extends Record> records) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        try {
            try (Writer lines = Files.newBufferedWriter(unfinished)) {
                for (Record line : records) {
                    GSON.toJson(line, lines);
                    lines.write('\n');
                }
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }
}
