package org.linformer.zoo.data;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What the index of a Debian archive says about a binary package.
 *
 * @param name its name
 * @param source the source package that it is built from
 * @param section its section
 * @param synopsis its description in one line
 * @param description its description, without the synopsis
 */
record DebianPackage(String name, String source, String section, String synopsis, String description) {

    /** Reads all packages that have a description in English. */
    static List<DebianPackage> read(Path index) throws IOException {
        Map<String, String> descriptions = new HashMap<>();
        for (Paragraph paragraph : paragraphs(index, "*_Translation-en")) {
            descriptions.put(paragraph.required("Description-md5"), paragraph.required("Description-en"));
        }
        List<DebianPackage> packages = new ArrayList<>();
        for (Paragraph paragraph : paragraphs(index, "*_Packages")) {
            String description = descriptions.get(paragraph.fields().getOrDefault("Description-md5", ""));
            if (description != null) {
                packages.add(of(paragraph, description));
            }
        }
        return packages;
    }

    private static DebianPackage of(Paragraph paragraph, String description) {
        String name = paragraph.required("Package");
        // a source of another version than its package has it in brackets
        String source = paragraph.fields().getOrDefault("Source", name).replaceFirst(" .*", "");
        int synopsis = (description + "\n").indexOf('\n');
        return new DebianPackage(
                name,
                source,
                paragraph.required("Section"),
                description.substring(0, synopsis),
                unwrap(description.substring(synopsis)));
    }

    /** Debian Policy 5.6.13: a dot is an empty line, and a line that is indented further stands for itself. */
    private static String unwrap(String description) {
        StringBuilder text = new StringBuilder();
        boolean inParagraph = false;
        for (String line : description.lines().toList()) {
            boolean isParagraph = !line.startsWith("  ") && !line.equals(" .");
            text.append(inParagraph && isParagraph ? ' ' : '\n').append(line.equals(" .") ? "" : line);
            inParagraph = isParagraph;
        }
        return PlainText.squeeze(text.toString());
    }

    /** What the index says about one package, from a line of a file on. */
    private record Paragraph(Path file, int line, Map<String, String> fields) {

        String required(String name) {
            String value = fields.get(name);
            if (value == null) {
                throw new IllegalArgumentException("%s must be a package with the field %s, but has only %s"
                        .formatted(TextFile.place(file, line), name, new TreeSet<>(fields.keySet())));
            }
            return value;
        }
    }

    /** All paragraphs of all files whose name matches, in the order of their names. */
    private static List<Paragraph> paragraphs(Path index, String glob) throws IOException {
        TreeSet<Path> sorted = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(index, glob)) {
            files.forEach(sorted::add);
        }
        if (sorted.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s must hold files like %s, but has none. Delete the folder to fetch it again"
                            .formatted(index, glob));
        }
        List<Paragraph> paragraphs = new ArrayList<>();
        for (Path file : sorted) {
            addParagraphs(file, paragraphs);
        }
        return paragraphs;
    }

    private static void addParagraphs(Path file, List<Paragraph> paragraphs) throws IOException {
        Map<String, String> fields = new HashMap<>();
        String field = "";
        int number = 0;
        for (String line : TextFile.read(file).lines().toList()) {
            number++;
            int colon = line.indexOf(':');
            if (line.isEmpty()) {
                fields = new HashMap<>();
            } else if (line.startsWith(" ") && !fields.isEmpty()) {
                fields.merge(field, "\n" + line, String::concat);
            } else if (colon > 0) {
                if (fields.isEmpty()) {
                    paragraphs.add(new Paragraph(file, number, fields));
                }
                field = line.substring(0, colon);
                fields.put(field, line.substring(colon + 1).strip());
            } else {
                throw new IllegalArgumentException(
                        "%s must be a field and its value, but is %s".formatted(TextFile.place(file, number), line));
            }
        }
    }
}
