package org.linformer.zoo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The weights of the packaged models, cut into their tensors, so that what models share lies in the jar once: a file
 * {@code model.safetensors} is the list of its pieces, and each piece a file whose name is its SHA-256.
 */
public final class WeightPieces {

    /** Name of the list, a piece a line, in a model's folder. */
    static final String LIST = "pieces.txt";

    /** Name of the pieces' folder, beside the models' folders. */
    static final String FOLDER = "pieces";

    private static final Pattern OFFSETS = Pattern.compile("\"data_offsets\":\\[(\\d+),(\\d+)]");

    private WeightPieces() {}

    /**
     * Cuts the weights of models, whose files are deleted then, and deletes the pieces that no model has any more.
     *
     * @param models folder of the models' folders
     * @throws IOException if a file cannot be read or written, or is no safetensors file
     */
    public static void cut(Path models) throws IOException {
        Path pieces = Files.createDirectories(models.resolve(FOLDER));
        Set<String> needed = new TreeSet<>();
        for (Path model : list(models)) {
            Path weights = model.resolve(ModelConfig.WEIGHTS);
            if (Files.exists(weights)) {
                Files.write(model.resolve(LIST), cut(Files.readAllBytes(weights), pieces));
                Files.delete(weights);
            }
            if (Files.exists(model.resolve(LIST))) {
                needed.addAll(Files.readAllLines(model.resolve(LIST)));
            }
        }
        for (Path piece : list(pieces)) {
            if (!needed.contains(piece.getFileName().toString())) {
                Files.delete(piece);
            }
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /** Writes the pieces of a file: its header, which begins with its length in 8 bytes, and its tensors. */
    private static List<String> cut(byte[] file, Path pieces) throws IOException {
        int header = Math.toIntExact(Long.BYTES
                + ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong());
        String json = new String(file, Long.BYTES, header - Long.BYTES, StandardCharsets.UTF_8);
        List<Integer> ends = new ArrayList<>(List.of(header));
        OFFSETS.matcher(json)
                .results()
                .map((MatchResult offsets) -> header + Integer.parseInt(offsets.group(2)))
                .sorted()
                .forEach(ends::add);
        List<String> names = new ArrayList<>();
        int from = 0;
        for (int end : ends) {
            byte[] piece = Arrays.copyOfRange(file, from, end);
            String name = Sha256.of(piece);
            if (!Files.exists(pieces.resolve(name))) {
                Files.write(pieces.resolve(name), piece);
            }
            names.add(name);
            from = end;
        }
        if (from != file.length) {
            throw new IOException(
                    "tensors must end where the file does, at %d, but end at %d".formatted(file.length, from));
        }
        return names;
    }

    /** Where a piece comes from. */
    interface Pieces {

        /** Opens a piece. */
        InputStream open(String name) throws IOException;
    }

    /**
     * Puts weights together again.
     *
     * @param names the list of their pieces
     * @param pieces where they come from
     * @param file where to
     * @throws IOException if a piece cannot be read or the file not written
     */
    static void join(InputStream names, Pieces pieces, Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            for (String name : new String(names.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                try (InputStream piece = pieces.open(name)) {
                    piece.transferTo(out);
                }
            }
        }
    }
}
