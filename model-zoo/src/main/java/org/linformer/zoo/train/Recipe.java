package org.linformer.zoo.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;

/** All that decides what a training makes of its start and its data: the file {@code recipe.json}. */
public sealed interface Recipe permits ClassifierRecipe, EmbeddingRecipe, MaskedTokenRecipe {

    /** Name of the file in a model's folder. */
    String FILE = "recipe.json";

    /** Name of the file beside it that says what the training came to. */
    String METRICS = "metrics.json";

    /**
     * Returns the model's name.
     *
     * @return the name
     */
    String name();

    /**
     * Returns the version of the model's weights.
     *
     * @return the version
     */
    String version();

    /**
     * Returns what the model does, for its card.
     *
     * @return a sentence or more
     */
    String description();

    /**
     * Returns what the model learns from, whose it is and under which licence, for its card.
     *
     * @return a sentence or more
     */
    String data();

    /**
     * Returns what the model is not good for, for its card.
     *
     * @return a sentence or more
     */
    String limits();

    /**
     * Returns the classes.
     *
     * @return their names, none if the model does not classify
     */
    List<String> labels();

    /**
     * Returns the number of token ids.
     *
     * @return the number
     */
    int vocabSize();

    /**
     * Returns the encoder.
     *
     * @return its configuration
     */
    EncoderConfig encoder();

    /**
     * Returns what sits on the encoder.
     *
     * @return the heads' configurations
     */
    List<HeadConfig> heads();

    /**
     * Returns the seed of the first weights and of the order of the texts.
     *
     * @return the seed
     */
    long seed();

    /**
     * Returns the configuration of the model whose weights and tokenizer lie in a folder.
     *
     * @param folder the folder
     * @return the configuration, with the hashes of both
     * @throws IOException if a file cannot be read
     */
    default ModelConfig config(Path folder) throws IOException {
        return new ModelConfig(
                name(), version(), labels(), vocabSize(), encoder(), heads(), ModelConfig.hashes(folder));
    }

    /**
     * Refuses weights whose layers compute something else than those of this recipe.
     *
     * @param start the encoder that they were trained in
     * @throws IllegalArgumentException if it has other heads, another activation or another normalisation
     */
    default void requireLayersOf(EncoderConfig start) {
        requireSame("heads", heads(start), heads(encoder()));
        requireSame("activation", start.activation(), encoder().activation());
        requireSame("normFirst", start.normFirst(), encoder().normFirst());
        requireSame("normEpsilon", start.normEpsilon(), encoder().normEpsilon());
    }

    private static String heads(EncoderConfig encoder) {
        Heads heads = encoder.attention() instanceof LinformerAttention.Config linformer
                ? linformer.heads()
                : ((SoftmaxAttention.Config) encoder.attention()).heads();
        return "%d x %d%s".formatted(heads.numHeads(), heads.headDim(), heads.causal() ? ", causal" : "");
    }

    private static void requireSame(String name, Object ofStart, Object ofRecipe) {
        if (!ofStart.equals(ofRecipe)) {
            throw new IllegalArgumentException(
                    "%s must be as in the start, %s, but is %s".formatted(name, ofStart, ofRecipe));
        }
    }

    /**
     * Reads a recipe.
     *
     * @param file the file
     * @return the recipe
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is no recipe; the message names file, key and rule
     */
    static Recipe read(Path file) throws IOException {
        return StrictJson.read(file, Recipe.class);
    }

    /** Refuses a head that needs labels. */
    static void requireNoClassifier(List<HeadConfig> heads) {
        if (heads.stream().anyMatch(ClassifierHead.Config.class::isInstance)) {
            throw new IllegalArgumentException(
                    "heads must hold no ClassifierHead, as there are no labels, but are " + heads);
        }
    }

    /** Refuses a value of a recipe. */
    static void requirePositive(String name, Number value) {
        if (!(value.doubleValue() > 0)) {
            throw new IllegalArgumentException("%s must be positive, but is %s".formatted(name, value));
        }
    }

    /** Refuses a value of a recipe. */
    static void requireNotNegative(String name, Number value) {
        if (!(value.doubleValue() >= 0)) {
            throw new IllegalArgumentException("%s must not be negative, but is %s".formatted(name, value));
        }
    }

    /** Refuses a value of a recipe. */
    static void requireShare(String name, float value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException("%s must be in [0, 1), but is %s".formatted(name, value));
        }
    }
}
