package org.linformer.zoo.train;

import java.util.List;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;

/**
 * How a classifier is trained, from nothing or from another model.
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
 * @param learningRate its peak, for what the training starts anew: heads, low-rank updates, or all of a model
 * @param startRate the same for what comes from another model
 * @param rank of the low-rank updates of matrices that come from another model, whose other matrices and token
 *     embeddings then stay as they are; 0 trains all as they are
 * @param updated the matrices that have such updates
 * @param schedule the course of the rates, and when the training ends
 * @param weightDecay of matrices; vectors have none
 * @param maxGradientNorm a longer gradient is shortened to this
 * @param tokenDropout share of the tokens of a text that are hidden from each reading
 */
public record ClassifierRecipe(
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
        float startRate,
        int rank,
        Updated updated,
        Schedule schedule,
        float weightDecay,
        float maxGradientNorm,
        float tokenDropout)
        implements Recipe {

    /** Matrices of a layer. */
    public enum Updated {
        /** Those of the attention. */
        ATTENTION,
        /** Those of the attention and of the feed-forward network. */
        ALL
    }

    public ClassifierRecipe {
        labels = List.copyOf(labels);
        heads = List.copyOf(heads);
        if (heads.isEmpty()
                || !(heads.get(0) instanceof ClassifierHead.Config classifier)
                || classifier.numClasses() != labels.size()) {
            throw new IllegalArgumentException(
                    "heads must begin with a ClassifierHead of as many classes as labels, %d, but are %s"
                            .formatted(labels.size(), heads));
        }
        Recipe.requirePositive("epochs", epochs);
        Recipe.requirePositive("batchSize", batchSize);
        Recipe.requirePositive("learningRate", learningRate);
        Recipe.requireNotNegative("startRate", startRate);
        Recipe.requireNotNegative("rank", rank);
        Recipe.requireNotNegative("weightDecay", weightDecay);
        Recipe.requirePositive("maxGradientNorm", maxGradientNorm);
        Recipe.requireShare("tokenDropout", tokenDropout);
        if (maxBatchTokens < encoder.attention().maxLength()) {
            throw new IllegalArgumentException("maxBatchTokens must be at least maxLength=%d, but is %d"
                    .formatted(encoder.attention().maxLength(), maxBatchTokens));
        }
    }
}
