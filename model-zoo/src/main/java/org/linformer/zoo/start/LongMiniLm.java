package org.linformer.zoo.start;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Projection;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.zoo.train.Updates;

/**
 * MiniLM for 4,096 tokens. The first 256 positions go through its own layers, so that a text of at most 256 tokens has its
 * vector; the positions behind them go through copies of its layers, which attend to the whole text through 256 slots, and
 * which the {@link Updates} of a training change.
 *
 * <p>Without updates, a slot is one position of the text, more of them at its beginning, and the positions behind the first
 * 256 are the first 256 again and again.
 */
public final class LongMiniLm {

    private static final String NAME = "minilm-linformer-4k";
    private static final int MAX_LENGTH = 4096;
    private static final int K = 256;
    private static final int LAYERS = 6;

    private LongMiniLm() {}

    /**
     * Writes the model's folder.
     *
     * @param jar the jar that {@link MiniLm} reads
     * @param updates what a training changed, or null for the state that trainings start from
     * @param out the folder, made if it is not there
     * @throws IOException if a file cannot be read or written, or the jar is another
     */
    public static void write(Path jar, @Nullable Path updates, Path out) throws IOException {
        EncoderConfig encoder = new EncoderConfig(
                LAYERS,
                /* ffDim= */ 1536,
                EncoderConfig.Activation.GELU,
                /* normFirst= */ false,
                /* finalNorm= */ false,
                /* normEpsilon= */ 1e-12f,
                /* dropout= */ 0,
                new LinformerAttention.Config(
                        new Heads(384, 12, 32, /* projectionBias= */ true, /* dropout= */ 0, /* causal= */ false),
                        MAX_LENGTH,
                        K,
                        new Projection.Linear(
                                Projection.Sharing.KEY_VALUE,
                                Projection.Initialization.STRIDED,
                                /* bias= */ false,
                                /* frozen= */ false),
                        LinformerAttention.Exact.FIRST_POSITIONS),
                /* apart= */ true);
        EmbeddingHead.Config head = new EmbeddingHead.Config(/* equal= */ K);
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = new EncoderModel(MiniLm.VOCAB_SIZE, encoder, List.of(head));
            block.initialize(manager, DataType.FLOAT32, new Shape(1, MAX_LENGTH));
            Map<String, NDArray> theirs = MiniLm.read(manager, jar, out);
            Map<String, NDArray> ours = new LinkedHashMap<>(theirs);
            theirs.forEach((name, weight) -> {
                if (name.startsWith("encoder.layer.")) {
                    ours.put(name.replace("encoder.", "encoder.behind."), weight);
                }
            });
            ours.compute(
                    "embeddings.position_embeddings.weight",
                    (name, positions) -> positions.get(":{}", K).tile(new long[] {MAX_LENGTH / K, 1}));
            for (int layer = 0; layer < LAYERS; layer++) {
                ours.put("encoder.behind.layer.%d.attention.self.E".formatted(layer), selection(manager));
            }
            Weights.set(block, manager, ours, DataType.FLOAT32);
            if (updates != null) {
                Updates.apply(block, updates);
            }
            MiniLm.writeFolder(block, NAME, encoder, head, out);
        }
    }

    /** Half of the slots in the first 512 positions, a quarter in the next 1,024, a quarter in the rest: (k, maxLength). */
    private static NDArray selection(NDManager manager) {
        float[] e = new float[K * MAX_LENGTH];
        for (int slot = 0; slot < K; slot++) {
            int position = slot < 128 ? slot * 4 : slot < 192 ? 512 + (slot - 128) * 16 : 1536 + (slot - 192) * 40;
            e[slot * MAX_LENGTH + position] = 1;
        }
        return manager.create(e, new Shape(K, MAX_LENGTH));
    }
}
