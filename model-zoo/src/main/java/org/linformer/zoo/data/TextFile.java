package org.linformer.zoo.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files that users wrote: UTF-8, with or without a byte order mark. What is wrong is told with file and line. */
public final class TextFile {

    private static final Gson GSON =
            new GsonBuilder().setStrictness(Strictness.STRICT).create();

    /** What is done with a line of JSON. */
    public interface ObjectReader {

        /**
         * Takes a line.
         *
         * @param line its number, from 1
         * @param object what it says
         * @throws IOException if a file cannot be read or written
         */
        void read(int line, JsonObject object) throws IOException;
    }

    /** What is done with a line. */
    interface LineReader {
        void read(int number, String line) throws IOException;
    }

    private TextFile() {}

    /**
     * Reads a file.
     *
     * @param file the file
     * @return its text
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is not UTF-8; the message says where
     */
    public static String read(Path file) throws IOException {
        return decode(file, 1, Files.readAllBytes(file));
    }

    /**
     * Reads a file of JSON lines, one object a line.
     *
     * @param file the file
     * @param reader what is done with each line
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if a line is not UTF-8 or no JSON object; the message says which
     */
    public static void readObjects(Path file, ObjectReader reader) throws IOException {
        readLines(file, (number, line) -> reader.read(number, object(place(file, number), line)));
    }

    /** Reads a file line by line; the message about a line that is not UTF-8 says which. */
    static void readLines(Path file, LineReader reader) throws IOException {
        // read as bytes in the guise of Latin-1: a decoder of UTF-8 would not tell the line that it stumbles over
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            int number = 1;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                reader.read(number, decode(file, number, line.getBytes(StandardCharsets.ISO_8859_1)));
                number++;
            }
        }
    }

    /**
     * Names a line.
     *
     * @param file the file
     * @param line number of the line, from 1
     * @return the line as a message calls it
     */
    public static String place(Path file, int line) {
        return "%s, line %d".formatted(file, line);
    }

    /**
     * Returns what an object has under a key.
     *
     * @param place where the object stands, as a message calls it
     * @param object the object
     * @param key the key
     * @return a string, or a number or a truth value as a string
     * @throws IllegalArgumentException if there is no such key, or something else under it, or half a surrogate pair
     */
    public static String value(String place, JsonObject object, String key) {
        JsonElement value = object.get(key);
        if (value == null || !value.isJsonPrimitive()) {
            throw new IllegalArgumentException("%s must have the key %s with a string, but has %s"
                    .formatted(place, key, value == null ? "only " + object.keySet() : value));
        }
        String string = value.getAsString();
        // JSON can say what UTF-8 cannot
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(string)) {
            throw new IllegalArgumentException(
                    "%s must have whole characters under %s, but has half a surrogate pair".formatted(place, key));
        }
        return string;
    }

    private static JsonObject object(String place, String json) {
        JsonElement element;
        try {
            element = GSON.fromJson(json, JsonElement.class);
        } catch (JsonParseException e) {
            throw new IllegalArgumentException(
                    "%s must be a JSON object, but is not: %s".formatted(place, reason(e)), e);
        }
        if (element == null || !element.isJsonObject()) {
            throw new IllegalArgumentException(
                    "%s must be a JSON object, but is %s".formatted(place, element == null ? "empty" : element));
        }
        return element.getAsJsonObject();
    }

    /** Gson's own words, but for the line, which to Gson is always the first, and the link. */
    private static String reason(JsonParseException e) {
        Throwable innermost = e.getCause() == null ? e : e.getCause();
        return String.valueOf(innermost.getMessage())
                .lines()
                .findFirst()
                .orElse("")
                .replace("line 1 ", "");
    }

    private static String decode(Path file, int firstLine, byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        if (StandardCharsets.UTF_8.newDecoder().decode(in, out, true).isError()) {
            int line = firstLine;
            for (int i = 0; i < in.position(); i++) {
                line += bytes[i] == '\n' ? 1 : 0;
            }
            throw new IllegalArgumentException(place(file, line) + " must be UTF-8, but is not");
        }
        String text = out.flip().toString();
        return firstLine == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
    }
}
