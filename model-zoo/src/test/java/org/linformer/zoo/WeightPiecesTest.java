package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.encoder.Weights;

class WeightPiecesTest {

    @TempDir
    private Path models;

    @Test
    void keepsWhatModelsShareOnce() throws Exception {
        byte[] first = write("first", 1);
        byte[] second = write("second", 2);

        WeightPieces.cut(models);

        assertThat(models.resolve("first/model.safetensors")).doesNotExist();
        // a header, which both have, one tensor that both have, and one of each
        assertThat(pieces()).hasSize(4);
        assertThat(joined("first")).isEqualTo(first);
        assertThat(joined("second")).isEqualTo(second);
    }

    @Test
    void forgetsWhatNoModelHasAnyMore() throws Exception {
        write("first", 1);
        WeightPieces.cut(models);
        byte[] changed = write("first", 3);

        WeightPieces.cut(models);

        assertThat(pieces()).hasSize(3);
        assertThat(joined("first")).isEqualTo(changed);
    }

    @Test
    void refusesAFileThatIsLongerThanItsTensors() throws Exception {
        byte[] bytes = write("first", 1);
        Files.write(models.resolve("first/model.safetensors"), Arrays.copyOf(bytes, bytes.length + 1));

        assertThatIOException()
                .isThrownBy(() -> WeightPieces.cut(models))
                .withMessage("tensors must end where the file does, at %d, but end at %d"
                        .formatted(bytes.length + 1, bytes.length));
    }

    @Test
    void failsWhereAPieceIsMissing() throws Exception {
        write("first", 1);
        WeightPieces.cut(models);
        Files.delete(pieces().get(0));

        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> joined("first"));
    }

    private byte[] write(String model, float own) throws IOException {
        Path file = Files.createDirectories(models.resolve(model)).resolve("model.safetensors");
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Map<String, NDArray> weights = new LinkedHashMap<>();
            weights.put("shared", manager.create(new float[] {1, 2, 3, 4}));
            weights.put("own", manager.create(new float[] {own, own}));
            Weights.save(weights, file, DataType.FLOAT16);
        }
        return Files.readAllBytes(file);
    }

    private List<Path> pieces() throws IOException {
        try (Stream<Path> files = Files.list(models.resolve("pieces"))) {
            return files.toList();
        }
    }

    private byte[] joined(String model) throws IOException {
        try (InputStream in = WeightPieces.open(models.resolve(model), this::piece)) {
            return in.readAllBytes();
        }
    }

    private InputStream piece(String name) throws IOException {
        return Files.newInputStream(models.resolve("pieces").resolve(name));
    }
}
