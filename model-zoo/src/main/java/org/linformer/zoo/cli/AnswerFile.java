package org.linformer.zoo.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A file of JSON lines, each the answer to a text, that is gone on with where it ended: half a line that a killed
 * process left is cut off, and lines that are not of these texts, or of which the last is not by this model, are
 * refused.
 */
final class AnswerFile implements AutoCloseable {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private static final String BEGINNING = "{\"id\":\"";

    private final Path file;
    private final double tolerance;
    private final boolean isNew;
    private final FileChannel channel;
    private final BufferedReader lines;

    /** Who ends the process takes it and keeps it, so no line is left half written. */
    private final ReentrantLock writing = new ReentrantLock();

    private final long end;
    private @Nullable String next;
    private boolean endsInHalfALine;
    private int compared;
    private JsonObject last = new JsonObject();

    /**
     * Opens a file.
     *
     * @param file the file, made if it is not there
     * @param tolerance what may change in a number of the last line when it is computed again, with other texts in the
     *     batch
     * @throws IllegalArgumentException if another process writes it, or it does not end as answers do
     */
    AnswerFile(Path file, double tolerance) throws IOException {
        this.file = file;
        this.tolerance = tolerance;
        isNew = Files.notExists(file);
        Files.createDirectories(file.toAbsolutePath().getParent());
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        if (channel.tryLock() == null) {
            channel.close();
            throw new IllegalArgumentException(file + " must be written by one process at a time, but another has it");
        }
        end = endOfLastLine();
        endsInHalfALine = end < channel.size();
        if (!endsWith(BEGINNING)) {
            channel.close();
            throw foreign("must end with an answer, but does not");
        }
        lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1); // half a line may end within a character
        next = lines.readLine();
        Runtime.getRuntime().addShutdownHook(new Thread(writing::lock));
    }

    /** Whether what stands behind the last line, if anything does, can be the rest of a line that begins so. */
    private boolean endsWith(String beginning) throws IOException {
        byte[] wanted = beginning.getBytes(StandardCharsets.UTF_8);
        ByteBuffer half = ByteBuffer.allocate((int) Math.min(wanted.length, channel.size() - end));
        while (half.hasRemaining() && channel.read(half, end + half.position()) >= 0) {}
        return Arrays.equals(half.array(), Arrays.copyOf(wanted, half.capacity()));
    }

    /** The next whole line, or null. */
    private @Nullable String nextLine() throws IOException {
        String line = next;
        next = line == null ? null : lines.readLine();
        return line == null || (next == null && endsInHalfALine)
                ? null
                : new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private long endOfLastLine() throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        for (long end = channel.size(); end > 0; end--) {
            channel.read(one.clear(), end - 1);
            if (one.get(0) == '\n') {
                return end;
            }
        }
        return 0;
    }

    /**
     * Compares the next line that is there with what it must be.
     *
     * @return whether there is one
     * @throws IllegalArgumentException if it is of another text
     */
    boolean hasAnswerTo(String id, JsonObject tokens) throws IOException {
        String line = nextLine();
        if (line == null) {
            return false;
        }
        compared++;
        try {
            last = GSON.fromJson(line, JsonObject.class);
        } catch (JsonParseException e) {
            last = new JsonObject();
        }
        if (last == null || !new JsonPrimitive(id).equals(last.get("id")) || !tokens.equals(last.get("tokens"))) {
            throw foreign("line %d must be of %s with the tokens %s, but is not".formatted(compared, id, tokens));
        }
        return true;
    }

    /**
     * Compares the last line that is there with what comes out now.
     *
     * @throws IllegalArgumentException if it is of another model or by other options, or there is a line behind it
     */
    void requireLast(JsonObject again) throws IOException {
        if (nextLine() != null) {
            throw foreign(
                    "must have at most as many lines as the input has texts, %d, but has more".formatted(compared));
        }
        if (!isNear(last, again)) {
            throw foreign("line %d must be what this model and these options give, but is not".formatted(compared));
        }
    }

    private IllegalArgumentException foreign(String rule) {
        return new IllegalArgumentException("%s %s. Delete it, or choose another file for --out".formatted(file, rule));
    }

    private boolean isNear(JsonElement a, JsonElement b) {
        if (a instanceof JsonObject first && b instanceof JsonObject second) {
            return first.keySet().equals(second.keySet())
                    && first.keySet().stream().allMatch(key -> isNear(first.get(key), second.get(key)));
        }
        if (a instanceof JsonArray first && b instanceof JsonArray second) {
            List<JsonElement> ofFirst = byLabel(first);
            List<JsonElement> ofSecond = byLabel(second);
            return ofFirst.size() == ofSecond.size()
                    && IntStream.range(0, ofFirst.size()).allMatch(i -> isNear(ofFirst.get(i), ofSecond.get(i)));
        }
        if (isNumber(a) && isNumber(b)) {
            return Math.abs(a.getAsDouble() - b.getAsDouble()) < tolerance;
        }
        return a.equals(b);
    }

    /** Labels of about one score may have changed places. */
    private static List<JsonElement> byLabel(JsonArray array) {
        return array.asList().stream()
                .sorted(Comparator.comparing(each -> each instanceof JsonObject object && object.has("label")
                        ? object.get("label").toString()
                        : ""))
                .toList();
    }

    private static boolean isNumber(JsonElement element) {
        return element instanceof JsonPrimitive primitive && primitive.isNumber();
    }

    /**
     * Writes answers behind the last line.
     *
     * @throws IllegalArgumentException if half a line stands there that is not of the first of them
     */
    void append(List<JsonObject> answers) throws IOException {
        if (endsInHalfALine) {
            if (answers.isEmpty()) {
                throw foreign("must end with the line %d, but goes on behind it".formatted(compared));
            }
            JsonElement id = answers.get(0).get("id");
            if (!endsWith("{\"id\":" + GSON.toJson(id))) {
                throw foreign("must end in an answer to %s, but does not".formatted(id));
            }
            channel.truncate(end);
            endsInHalfALine = false;
        }
        channel.position(channel.size());
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(
                answers.stream().map(answer -> GSON.toJson(answer) + "\n").collect(Collectors.joining()));
        writing.lock();
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } finally {
            writing.unlock();
        }
    }

    /** Closes the file; one that was made for this run is not left behind without a line. */
    @Override
    public void close() throws IOException {
        lines.close();
        if (isNew && channel.size() == 0) {
            Files.delete(file);
        }
        channel.close();
    }
}
