package org.linformer.zoo.data;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Labelled texts of a user's own, in one file: CSV by RFC 4180 whose first line names the columns, {@code text} and
 * {@code label} among them, or JSON lines with these keys. Other columns and keys are not looked at.
 */
public final class OwnTexts {

    private static final String TEXT = "text";
    private static final String LABEL = "label";
    private static final int MIN_TEXTS = 10;

    private final Map<Split, List<Example>> parts;
    private final List<String> labels;

    private OwnTexts(Map<Split, List<Example>> parts, List<String> labels) {
        this.parts = parts;
        this.labels = labels;
    }

    /**
     * Reads the texts. Near duplicates are left out, whatever their labels; what a text is used for is decided by its
     * hash, so that a text that comes or goes moves no other.
     *
     * @param file the texts
     * @param progress where the counts are printed
     * @return the texts
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if there is nothing to learn from the texts, or a line is not what it must be;
     *     the message names file, line and reason
     */
    public static OwnTexts read(Path file, PrintStream progress) throws IOException {
        List<Example> all = examples(file);
        List<Example> different = NearDuplicates.removeFrom(all, Example::text);
        progress.printf("%,d texts, %,d without near duplicates%n", all.size(), different.size());
        long contradictory = contradictory(all);
        if (contradictory > 0) {
            progress.printf(
                    "texts that stand there with different labels: %,d; the first of each is taken%n", contradictory);
        }
        Map<String, Long> counts = counts(different);
        // a label whose texts are all like earlier ones of other labels
        all.forEach(example -> counts.putIfAbsent(example.label(), 0L));
        if (counts.size() < 2) {
            throw new IllegalArgumentException(
                    "%s must have two labels or more, but has %s".formatted(file, counts.keySet()));
        }
        counts.forEach((label, count) -> {
            if (count < MIN_TEXTS) {
                throw new IllegalArgumentException(
                        "%s must have at least %d different texts of each label, but has %d of %s"
                                .formatted(file, MIN_TEXTS, count, label));
            }
        });
        Map<Split, List<Example>> parts = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            List<Example> part = different.stream()
                    .filter(example -> Split.of(example.text()) == split)
                    .toList();
            if (part.isEmpty()) {
                throw new IllegalArgumentException(
                        "%s must have a text for %s, but has none: the hash of a text decides, and more texts help"
                                .formatted(file, split));
            }
            parts.put(split, part);
        }
        return new OwnTexts(parts, List.copyOf(counts.keySet()));
    }

    /**
     * Returns the labels.
     *
     * @return the labels, in alphabetical order
     */
    public List<String> labels() {
        return labels;
    }

    /**
     * Writes {@code train.jsonl}, {@code validation.jsonl} and {@code test.jsonl}.
     *
     * @param folder where to
     * @param progress where the counts are printed
     * @throws IOException if a file cannot be written
     */
    public void write(Path folder, PrintStream progress) throws IOException {
        Files.createDirectories(folder);
        for (Map.Entry<Split, List<Example>> part : parts.entrySet()) {
            JsonLines.write(part.getKey().file(folder), part.getValue());
            progress.printf(
                    "%s: %,d, of these %s%n", part.getKey(), part.getValue().size(), counts(part.getValue()));
        }
    }

    private static long contradictory(List<Example> examples) {
        return examples.stream()
                .collect(Collectors.groupingBy(Example::text, Collectors.mapping(Example::label, Collectors.toSet())))
                .values()
                .stream()
                .filter(ofText -> ofText.size() > 1)
                .count();
    }

    private static Map<String, Long> counts(List<Example> examples) {
        return new TreeMap<>(examples.stream().collect(Collectors.groupingBy(Example::label, Collectors.counting())));
    }

    private static List<Example> examples(Path file) throws IOException {
        String name = file.getFileName().toString();
        if (name.endsWith(".csv")) {
            return readCsv(file);
        }
        if (name.endsWith(".jsonl")) {
            List<Example> examples = new ArrayList<>();
            TextFile.readObjects(file, (line, object) -> {
                String place = TextFile.place(file, line);
                examples.add(example(file, line, key -> TextFile.value(place, object, key)));
            });
            return examples;
        }
        throw new IllegalArgumentException("texts must be a file .csv or .jsonl, but are " + file);
    }

    private static List<Example> readCsv(Path file) throws IOException {
        List<Example> examples = new ArrayList<>();
        try (CSVParser parser = CSVParser.parse(TextFile.read(file), CSVFormat.RFC4180)) {
            Iterator<CSVRecord> records = parser.iterator();
            List<String> header = records.hasNext() ? records.next().toList() : List.of();
            if (!header.contains(TEXT) || !header.contains(LABEL)) {
                throw new IllegalArgumentException("%s must name the columns text and label, but names %s"
                        .formatted(TextFile.place(file, 1), header));
            }
            int line = (int) parser.getCurrentLineNumber() + 1;
            while (records.hasNext()) {
                CSVRecord fields = records.next();
                if (fields.size() != header.size()) {
                    throw new IllegalArgumentException("%s must have %d columns as the first line has, but has %d"
                            .formatted(TextFile.place(file, line), header.size(), fields.size()));
                }
                examples.add(example(file, line, column -> fields.get(header.indexOf(column))));
                line = (int) parser.getCurrentLineNumber() + 1;
            }
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof CSVException) {
                throw new IllegalArgumentException(
                        "%s must be CSV by RFC 4180, but is not: %s"
                                .formatted(file, e.getCause().getMessage()),
                        e);
            }
            throw e.getCause();
        }
        return examples;
    }

    private static Example example(Path file, int line, Function<String, String> value) {
        for (String key : List.of(TEXT, LABEL)) {
            if (value.apply(key).isBlank()) {
                throw new IllegalArgumentException(
                        "%s must have a %s, but has an empty one".formatted(TextFile.place(file, line), key));
            }
        }
        return new Example(
                "%s:%d".formatted(file.getFileName(), line),
                value.apply(TEXT),
                value.apply(LABEL).strip());
    }
}
