package org.linformer.zoo;

import ai.djl.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;
import org.linformer.json.StrictJson;

/**
 * What a model is: the file {@code config.json} of its folder, which rebuilds the block and vouches for the other
 * files.
 *
 * @param name the model's name, by which the zoo finds it
 * @param version version of its weights
 * @param labels the classes in the order of the logits, none if the model does not classify
 * @param vocabSize number of token ids
 * @param encoder the encoder
 * @param heads what sits on it
 * @param sha256 SHA-256 of {@code model.safetensors} and {@code tokenizer.json}, in hex
 */
public record ModelConfig(
        String name,
        String version,
        List<String> labels,
        int vocabSize,
        EncoderConfig encoder,
        List<HeadConfig> heads,
        Map<String, String> sha256) {

    /** Name of the file in a model's folder. */
    public static final String FILE = "config.json";

    /** Name of the weights' file, names as in BERT. */
    public static final String WEIGHTS = "model.safetensors";

    /** Name of the tokenizer's file, in Hugging Face's format. */
    public static final String TOKENIZER = "tokenizer.json";

    public ModelConfig {
        labels = List.copyOf(labels);
        heads = List.copyOf(heads);
        sha256 = Collections.unmodifiableMap(new TreeMap<>(sha256)); // in the same order in every run
        int classes = heads.stream()
                .filter(ClassifierHead.Config.class::isInstance)
                .mapToInt(head -> ((ClassifierHead.Config) head).numClasses())
                .findFirst()
                .orElse(0);
        if (!sha256.keySet().equals(Set.of(WEIGHTS, TOKENIZER))) {
            throw new IllegalArgumentException(
                    "sha256 must be of %s and %s, but is of %s".formatted(WEIGHTS, TOKENIZER, sha256.keySet()));
        }
        if (labels.stream().distinct().count() < labels.size()) {
            throw new IllegalArgumentException("labels must be different, but are " + labels);
        }
        if (labels.size() != classes) {
            throw new IllegalArgumentException(
                    "labels must be as many as numClasses=%d, but are %s".formatted(classes, labels));
        }
    }

    /**
     * Reads the configuration of a loaded model.
     *
     * @param model a model that came from a folder
     * @return its configuration
     * @throws IOException if its folder is gone
     */
    public static ModelConfig of(Model model) throws IOException {
        return read(model.getModelPath());
    }

    /**
     * Reads the configuration in a folder.
     *
     * @param folder a model's folder
     * @return its configuration
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if it is no such configuration
     */
    public static ModelConfig read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString(), null, "a model's folder must hold " + FILE);
        }
        return StrictJson.read(file, ModelConfig.class);
    }

    /**
     * Computes what vouches for a folder's weights and tokenizer.
     *
     * @param folder a model's folder
     * @return their SHA-256
     * @throws IOException if a file cannot be read
     */
    public static Map<String, String> hashes(Path folder) throws IOException {
        return Map.of(
                WEIGHTS, Sha256.of(folder.resolve(WEIGHTS)),
                TOKENIZER, Sha256.of(folder.resolve(TOKENIZER)));
    }

    /**
     * Returns the same under another name.
     *
     * @param other the name
     * @return the configuration
     */
    public ModelConfig withName(String other) {
        return new ModelConfig(other, version, labels, vocabSize, encoder, heads, sha256);
    }

    /**
     * Returns the longest text.
     *
     * @return its length in tokens, special tokens counted
     */
    public int maxTokens() {
        return encoder.attention().maxLength();
    }

    /**
     * Returns the length of an embedding.
     *
     * @return the number of its components
     */
    public int dimension() {
        return encoder.attention().dModel();
    }

    /**
     * Returns whether the model gives labels.
     *
     * @return whether it has a classifier head
     */
    public boolean classifies() {
        return head(ClassifierHead.Config.class) >= 0;
    }

    /**
     * Returns whether the model gives embeddings.
     *
     * @return whether it has an embedding head
     */
    public boolean embeds() {
        return head(EmbeddingHead.Config.class) >= 0;
    }

    /** Which of the model's answers is of this head, or -1. */
    int head(Class<? extends HeadConfig> kind) {
        for (int i = 0; i < heads.size(); i++) {
            if (kind.isInstance(heads.get(i))) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Refuses files that this configuration does not vouch for. Weights that lie in the jar are the jar's.
     *
     * @param folder the model's folder
     * @throws IOException if a file is missing or its SHA-256 is not the expected one; the message names the
     *     file, and both hashes
     */
    public void verify(Path folder) throws IOException {
        for (Map.Entry<String, String> entry : sha256.entrySet()) {
            Path file = folder.resolve(entry.getKey());
            if (entry.getKey().equals(WEIGHTS)
                    && !Files.exists(file)
                    && Files.exists(folder.resolve(WeightPieces.LIST))) {
                continue;
            }
            if (!Files.isRegularFile(file)) {
                throw new NoSuchFileException(file.toString(), null, "a model's folder must hold " + entry.getKey());
            }
            String actual = Sha256.of(file);
            if (!actual.equals(entry.getValue())) {
                throw new IOException("%s must have the SHA-256 %s of its %s, but has %s (%d bytes)"
                        .formatted(file, entry.getValue(), FILE, actual, Files.size(file)));
            }
        }
    }
}
