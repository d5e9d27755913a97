package org.linformer.zoo.train;

import java.util.List;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;
import org.linformer.encoder.MaskedTokenHead;

/**
 * How an encoder is pretrained from nothing, as the paper's section 5.1 does it: it guesses tokens that were masked
 * (Devlin et al. 2018, "BERT", https://arxiv.org/abs/1810.04805, section 3.1).
 *
 * @param name the model's name
 * @param version version of its weights
 * @param description what the model does, for its card
 * @param data what it learns from, whose it is and under which licence, for its card
 * @param limits what it is not good for, for its card
 * @param vocabSize number of token ids
 * @param encoder the encoder; it reads windows of its maxLength
 * @param heads what sits on it; the first guesses masked tokens
 * @param seed of the first weights, of the order of the windows, of the masks and of dropout
 * @param steps number of steps
 * @param checks how often the perplexity on the validation windows is measured; the best state is kept
 * @param batchSize windows in a step
 * @param maxBatchTokens tokens that go through the encoder at once; a step may take several goes
 * @param validationWindows number of windows that the perplexity is measured on
 * @param masked share of the tokens that are guessed; of them 80 % are masked, 10 % are another token, 10 % stay
 * @param learningRate its peak
 * @param projectionRate the same for E and F. AdamW moves each of the n entries of a slot's row by about the rate, so
 *     that the learningRate of other matrices buries what a row picks under noise within a few steps
 * @param schedule the course of the rates, and when the training ends
 * @param weightDecay of matrices; vectors have none
 * @param maxGradientNorm a longer gradient is shortened to this
 */
public record MaskedTokenRecipe(
        String name,
        String version,
        String description,
        String data,
        String limits,
        int vocabSize,
        EncoderConfig encoder,
        List<HeadConfig> heads,
        long seed,
        int steps,
        int checks,
        int batchSize,
        int maxBatchTokens,
        int validationWindows,
        float masked,
        float learningRate,
        float projectionRate,
        Schedule schedule,
        float weightDecay,
        float maxGradientNorm)
        implements Recipe {

    public MaskedTokenRecipe {
        heads = List.copyOf(heads);
        if (vocabSize <= BertTokens.FIRST_WORD) {
            throw new IllegalArgumentException(
                    "vocabSize must be more than the %d ids of BERT that are no words, but is %d"
                            .formatted(BertTokens.FIRST_WORD, vocabSize));
        }
        Recipe.requirePositive("steps", steps);
        Recipe.requirePositive("checks", checks);
        Recipe.requirePositive("batchSize", batchSize);
        Recipe.requirePositive("validationWindows", validationWindows);
        Recipe.requireShare("masked", masked);
        Recipe.requirePositive("masked", masked);
        Recipe.requirePositive("learningRate", learningRate);
        Recipe.requireNotNegative("projectionRate", projectionRate);
        Recipe.requireNotNegative("weightDecay", weightDecay);
        Recipe.requirePositive("maxGradientNorm", maxGradientNorm);
        if (heads.isEmpty() || !(heads.get(0) instanceof MaskedTokenHead.Config)) {
            throw new IllegalArgumentException("heads must begin with a MaskedTokenHead, but are " + heads);
        }
        Recipe.requireNoClassifier(heads);
        if (maxBatchTokens < encoder.attention().maxLength()) {
            throw new IllegalArgumentException("maxBatchTokens must be at least maxLength=%d, but is %d"
                    .formatted(encoder.attention().maxLength(), maxBatchTokens));
        }
    }

    @Override
    public List<String> labels() {
        return List.of();
    }
}
