package org.linformer.zoo.train;

import java.io.IOException;
import java.nio.file.Path;
import org.linformer.json.StrictJson;

/**
 * All that decides what a training of an embedding model for long texts makes of its start and its data: the file
 * {@code recipe.json}.
 *
 * @param name the model's name
 * @param version version of its weights
 * @param description what the model does, for its card
 * @param data what it learns from, whose it is and under which licence, for its card
 * @param limits what it is not good for, for its card
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
 * @param warmup share of the steps in which the rates rise to their peaks, before they fall to zero in a line
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
        float warmup,
        float maxGradientNorm,
        float temperature,
        float sentenceWeight,
        float documentWeight,
        int otherDocuments) {

    public EmbeddingRecipe {
        Recipe.requirePositive("steps", steps);
        Recipe.requirePositive("checks", checks);
        Recipe.requirePositive("batchSize", batchSize);
        Recipe.requirePositive("maxBatchTokens", maxBatchTokens);
        requireNotNegative("rank", rank);
        requireNotNegative("projectionRate", projectionRate);
        requireNotNegative("positionRate", positionRate);
        requireNotNegative("lowRankRate", lowRankRate);
        requireNotNegative("vectorRate", vectorRate);
        requireNotNegative("poolingRate", poolingRate);
        Recipe.requireShare("warmup", warmup);
        Recipe.requirePositive("maxGradientNorm", maxGradientNorm);
        Recipe.requirePositive("temperature", temperature);
        requireNotNegative("sentenceWeight", sentenceWeight);
        requireNotNegative("documentWeight", documentWeight);
        Recipe.requirePositive("otherDocuments", otherDocuments);
    }

    private static void requireNotNegative(String name, float value) {
        if (!(value >= 0)) {
            throw new IllegalArgumentException("%s must not be negative, but is %s".formatted(name, value));
        }
    }

    /**
     * Reads a recipe.
     *
     * @param file the file
     * @return the recipe
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is no such recipe; the message names file, key and rule
     */
    public static EmbeddingRecipe read(Path file) throws IOException {
        return StrictJson.read(file, EmbeddingRecipe.class);
    }
}
