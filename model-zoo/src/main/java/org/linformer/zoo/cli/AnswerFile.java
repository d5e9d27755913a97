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
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A file of JSON lines, each the answer to a text, that is gone on with where it ended: half a line that a killed process
 * left is cut off, and lines that are not of these texts, or not by this model, are refused.
 */
final class AnswerFile implements AutoCloseable {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    /** Far more than another batch or bfloat16 changes in a number, far less than another model does. */
    private static final double TOLERANCE = 0.02;

    private static final String BEGINNING = "{\"id\":\"";

    private final Path file;
    private final FileChannel channel;
    private final BufferedReader lines;

    /** Who ends the process takes it and keeps it, so no line is left half written. */
    private final ReentrantLock writing = new ReentrantLock();

    private int compared;
    private JsonObject last = new JsonObject();

    AnswerFile(Path file) throws IOException {
        this.file = file;
        Files.createDirectories(file.toAbsolutePath().getParent());
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        if (channel.tryLock() == null) {
            channel.close();
            throw new IllegalArgumentException(file + " must be written by one process at a time, but another has it");
        }
        long end = endOfLastLine();
        if (!isOfAnAnswer(end)) {
            channel.close();
            throw foreign("must end with an answer, but does not");
        }
        channel.truncate(end);
        channel.position(channel.size());
        lines = Files.newBufferedReader(file);
        Runtime.getRuntime().addShutdownHook(new Thread(writing::lock));
    }

    /** Whether what stands behind the last line can be the beginning of one of ours. */
    private boolean isOfAnAnswer(long end) throws IOException {
        ByteBuffer beginning = ByteBuffer.allocate((int) Math.min(BEGINNING.length(), channel.size() - end));
        while (beginning.hasRemaining() && channel.read(beginning, end + beginning.position()) >= 0) {}
        return BEGINNING.startsWith(new String(beginning.array(), StandardCharsets.UTF_8));
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
        String line = lines.readLine();
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
        if (lines.readLine() != null) {
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

    private static boolean isNear(JsonElement a, JsonElement b) {
        if (a instanceof JsonObject first && b instanceof JsonObject second) {
            return first.keySet().equals(second.keySet())
                    && first.keySet().stream().allMatch(key -> isNear(first.get(key), second.get(key)));
        }
        if (a instanceof JsonArray first && b instanceof JsonArray second) {
            return first.size() == second.size()
                    && IntStream.range(0, first.size()).allMatch(i -> isNear(first.get(i), second.get(i)));
        }
        if (isNumber(a) && isNumber(b)) {
            return Math.abs(a.getAsDouble() - b.getAsDouble()) < TOLERANCE;
        }
        return a.equals(b);
    }

    private static boolean isNumber(JsonElement element) {
        return element instanceof JsonPrimitive primitive && primitive.isNumber();
    }

    void append(List<JsonObject> answers) throws IOException {
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

    /** Closes the file; one without a line is not left behind. */
    @Override
    public void close() throws IOException {
        lines.close();
        if (channel.size() == 0) {
            Files.delete(file);
        }
        channel.close();
    }
}
