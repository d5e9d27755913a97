package org.linformer.zoo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.search.SearchFigures;

/**
 * What the training of an embedding model came to: the file {@code metrics.json}, written by the programs that measured
 * it.
 *
 * @param command what was run to train
 * @param start the model that it started from
 * @param trainDocuments documents to learn from; a short training does not come to all of them
 * @param steps steps that were made
 * @param bestStep the step whose weights are kept, chosen by the mean reciprocal rank on the validation pairs
 * @param validationPairs number of these pairs
 * @param validationMrr the mean reciprocal rank by which it was chosen
 * @param tokens tokens that were read in training
 * @param minutes time that training took
 * @param tokensPerSecond their quotient
 * @param searches searches in documents that were not learned from
 */
public record EmbeddingMetrics(
        String command,
        String start,
        int trainDocuments,
        int steps,
        int bestStep,
        int validationPairs,
        double validationMrr,
        long tokens,
        double minutes,
        double tokensPerSecond,
        List<Search> searches) {

    public EmbeddingMetrics {
        searches = List.copyOf(searches);
    }

    /**
     * One way after another to search the same documents.
     *
     * @param command what was run
     * @param documents number of documents
     * @param figures the ways, the model's own first
     */
    public record Search(String command, int documents, List<SearchFigures> figures) {
        public Search {
            figures = List.copyOf(figures);
        }
    }

    /**
     * Adds a search to the {@code metrics.json} and the {@code CARD.md} of a model; one by the same command is
     * replaced.
     *
     * @param search the search
     * @param folder the model's folder
     * @throws IOException if a file cannot be read or written
     * @throws IllegalArgumentException if the model was not trained by an {@link EmbeddingRecipe}
     */
    public static void add(Search search, Path folder) throws IOException {
        EmbeddingRecipe recipe = requireCard(folder);
        EmbeddingMetrics metrics = StrictJson.read(folder.resolve(Recipe.METRICS), EmbeddingMetrics.class);
        List<Search> all = new ArrayList<>(metrics.searches());
        all.removeIf(other -> other.command().equals(search.command()));
        all.add(search);
        metrics.with(all).write(recipe, ModelConfig.read(folder), folder);
    }

    /**
     * Refuses a model to whose card no search can be added.
     *
     * @param folder the model's folder
     * @return its recipe
     * @throws IOException if the recipe cannot be read
     * @throws IllegalArgumentException if the model was not trained by an {@link EmbeddingRecipe}, or not here
     */
    public static EmbeddingRecipe requireCard(Path folder) throws IOException {
        Path file = folder.resolve(Recipe.FILE);
        if (Recipe.read(file) instanceof EmbeddingRecipe recipe) {
            if (!Files.exists(folder.resolve(Recipe.METRICS))) {
                throw new IllegalArgumentException(
                        "%s must have %s, which its training writes, but has none".formatted(folder, Recipe.METRICS));
            }
            return recipe;
        }
        throw new IllegalArgumentException("%s must be an EmbeddingRecipe, but is not".formatted(file));
    }

    /** The searches that were added to the model that lies in a folder, by its hashes; none if none does. */
    static Map<Map<String, String>, List<Search>> searches(Path folder) throws IOException {
        Path recipe = folder.resolve(Recipe.FILE);
        Path metrics = folder.resolve(Recipe.METRICS);
        return Files.exists(recipe) && Files.exists(metrics) && Recipe.read(recipe) instanceof EmbeddingRecipe
                ? Map.of(
                        ModelConfig.read(folder).sha256(),
                        StrictJson.read(metrics, EmbeddingMetrics.class).searches())
                : Map.of();
    }

    private EmbeddingMetrics with(List<Search> all) {
        return new EmbeddingMetrics(
                command,
                start,
                trainDocuments,
                steps,
                bestStep,
                validationPairs,
                validationMrr,
                tokens,
                minutes,
                tokensPerSecond,
                all);
    }

    /** Writes both files beside the model's weights. */
    void write(EmbeddingRecipe recipe, ModelConfig config, Path folder) throws IOException {
        Files.writeString(folder.resolve(Recipe.METRICS), StrictJson.write(this) + "\n");
        long bytes = Files.size(folder.resolve(ModelConfig.WEIGHTS));
        Files.writeString(folder.resolve(Card.FILE), Card.of(recipe, config, this, bytes));
    }
}
