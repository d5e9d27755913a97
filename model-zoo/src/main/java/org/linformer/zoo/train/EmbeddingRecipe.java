package org.linformer.zoo.train;

import java.util.List;
import org.linformer.attention.LinformerAttention;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;

/**
 * How an embedding model for long texts is trained, from one for short texts.
 *
 * @param name the model's name
 * @param version version of its weights
 * @param description what the model does, for its card
 * @param data what it learns from, whose it is and under which licence, for its card
 * @param limits what it is not good for, for its card
 * @param vocabSize number of token ids
 * @param encoder the encoder, whose layers are apart
 * @param heads what sits on it; the first embeds
 * @param seed of the low-rank updates, of the order of the texts and of the sentences that are drawn
 * @param steps number of steps
 * @param checks how often the validation pairs are searched; the best state is kept
 * @param batchSize documents in a step
 * @param maxBatchTokens tokens, padding counted, that go through the encoder at once; a step may take several goes
 * @param rank of the updates of the matrices behind the first k positions, 0 for none
 * @param projectionRate peak of the learning rate of E and F
 * @param positionRate of the positions behind the first k
 * @param lowRankRate of the low-rank updates
 * @param vectorRate of the biases and normalisations behind the first k positions
 * @param poolingRate of the weights of the mean
 * @param schedule the course of the rates, and when the training ends
 * @param maxGradientNorm a longer gradient is shortened to this
 * @param temperature by which the cosines are divided before the softmax
 * @param sentenceWeight weight of the loss that finds the document's own sentences, that of its query being 1
 * @param documentWeight weight of the loss that finds the document among others
 * @param otherDocuments number of earlier documents among which it is found
 */
public record EmbeddingRecipe(
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
        int rank,
        float projectionRate,
        float positionRate,
        float lowRankRate,
        float vectorRate,
        float poolingRate,
        Schedule schedule,
        float maxGradientNorm,
        float temperature,
        float sentenceWeight,
        float documentWeight,
        int otherDocuments)
        implements Recipe {

    public EmbeddingRecipe {
        heads = List.copyOf(heads);
        if (!encoder.apart()) {
            throw new IllegalArgumentException(
                    "apart must be true for an embedding model that keeps the vectors of short texts, but is false");
        }
        int k = ((LinformerAttention.Config) encoder.attention()).k().get(0);
        if (heads.isEmpty() || !(heads.get(0) instanceof EmbeddingHead.Config embedding) || embedding.equal() < k) {
            throw new IllegalArgumentException(
                    "heads must begin with an EmbeddingHead whose equal is at least k=%d, but are %s"
                            .formatted(k, heads));
        }
        Recipe.requireNoClassifier(heads);
        Recipe.requirePositive("steps", steps);
        Recipe.requirePositive("checks", checks);
        Recipe.requirePositive("batchSize", batchSize);
        Recipe.requirePositive("maxBatchTokens", maxBatchTokens);
        Recipe.requireNotNegative("rank", rank);
        Recipe.requireNotNegative("projectionRate", projectionRate);
        Recipe.requireNotNegative("positionRate", positionRate);
        Recipe.requireNotNegative("lowRankRate", lowRankRate);
        Recipe.requireNotNegative("vectorRate", vectorRate);
        Recipe.requireNotNegative("poolingRate", poolingRate);
        Recipe.requirePositive("maxGradientNorm", maxGradientNorm);
        Recipe.requirePositive("temperature", temperature);
        Recipe.requireNotNegative("sentenceWeight", sentenceWeight);
        Recipe.requireNotNegative("documentWeight", documentWeight);
        Recipe.requirePositive("otherDocuments", otherDocuments);
    }

    @Override
    public List<String> labels() {
        return List.of();
    }
}
