package org.linformer.zoo.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;
import org.linformer.json.StrictJson;

/**
 * All that decides what a training makes of its data: the file {@code recipe.json}. The tokenizer is the
 * {@code tokenizer.json} beside it.
 *
 * @param name the model's name
 * @param version version of its weights
 * @param description what the model does, for its card
 * @param data what it learns from, whose it is and under which licence, for its card
 * @param limits what it is not good for, for its card
 * @param labels the classes
 * @param vocabSize number of token ids
 * @param encoder the encoder
 * @param heads what sits on it; the first is the classifier that is trained
 * @param seed of the first weights, of the order of the texts and of dropout
 * @param epochs how often each text is read
 * @param batchSize texts in a step
 * @param maxBatchTokens tokens, padding counted, that go through the encoder at once; a step may take several goes
 * @param learningRate its peak
 * @param warmup share of the steps in which it rises to the peak, before it falls to zero in a line
 * @param weightDecay of matrices; vectors have none
 * @param maxGradientNorm a longer gradient is shortened to this
 * @param tokenDropout share of the tokens of a text that are hidden from each reading
 */
public record Recipe(
        String name,
        String version,
        String description,
        String data,
        String limits,
        List<String> labels,
        int vocabSize,
        EncoderConfig encoder,
        List<HeadConfig> heads,
        long seed,
        int epochs,
        int batchSize,
        int maxBatchTokens,
        float learningRate,
        float warmup,
        float weightDecay,
        float maxGradientNorm,
        float tokenDropout) {

    /** Name of the file in a model's folder. */
    public static final String FILE = "recipe.json";

    public Recipe {
        labels = List.copyOf(labels);
        heads = List.copyOf(heads);
        requirePositive("epochs", epochs);
        requirePositive("batchSize", batchSize);
        requirePositive("learningRate", learningRate);
        requirePositive("maxGradientNorm", maxGradientNorm);
        requireShare("warmup", warmup);
        requireShare("tokenDropout", tokenDropout);
        if (weightDecay < 0) {
            throw new IllegalArgumentException("weightDecay must not be negative, but is " + weightDecay);
        }
        if (maxBatchTokens < encoder.attention().maxLength()) {
            throw new IllegalArgumentException("maxBatchTokens must be at least maxLength=%d, but is %d"
                    .formatted(encoder.attention().maxLength(), maxBatchTokens));
        }
    }

    static void requirePositive(String name, float value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException("%s must be positive, but is %s".formatted(name, value));
        }
    }

    static void requireShare(String name, float value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException("%s must be in [0, 1), but is %s".formatted(name, value));
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
    public static Recipe read(Path file) throws IOException {
        return StrictJson.read(file, Recipe.class);
    }
}
