package org.linformer.zoo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
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
                // a build that is stopped leaves no half of a piece under its name
                Path unfinished = Files.write(pieces.resolve(name + ".tmp"), piece);
                Files.move(unfinished, pieces.resolve(name), StandardCopyOption.ATOMIC_MOVE);
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
     * Opens the weights that a folder has a list of.
     *
     * @param folder a packaged model's folder
     * @param pieces where the pieces come from
     * @return the file, put together again
     * @throws IOException if the list cannot be read; reading throws an IOException if a piece cannot
     */
    static InputStream open(Path folder, Pieces pieces) throws IOException {
        return new Joined(Files.readAllLines(folder.resolve(LIST)).iterator(), pieces);
    }

    /** One piece after the other; not a SequenceInputStream, which cannot fail to open one, and opens all when it is closed. */
    private static final class Joined extends InputStream {

        private final Iterator<String> names;
        private final Pieces pieces;
        private InputStream piece = InputStream.nullInputStream();

        Joined(Iterator<String> names, Pieces pieces) {
            this.names = names;
            this.pieces = pieces;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = piece.read(bytes, offset, length);
            while (read < 0 && names.hasNext()) {
                piece.close();
                piece = pieces.open(names.next());
                read = piece.read(bytes, offset, length);
            }
            return read;
        }

        @Override
        public void close() throws IOException {
            piece.close();
        }
    }
}
