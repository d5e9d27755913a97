package org.linformer.zoo.train;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.linformer.attention.LinformerAttention;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.search.SearchFigures;

/** The file {@code CARD.md}: what a user must know of a model, with the figures of {@code metrics.json}. */
final class Card {

    static final String FILE = "CARD.md";

    private Card() {}

    static String of(ClassifierRecipe recipe, ModelConfig config, ClassifierMetrics metrics, long weightBytes) {
        return beginning(recipe, config, weightBytes, "- Labels: %s.\n".formatted(String.join(", ", config.labels())))
                + format(
                        """
                        ## Measured

                        On %,d test texts that neither training nor the choice of the epoch saw, by the packaged weights:

                        | texts | read up to | accuracy | macro-F1 |
                        | --- | --- | --- | --- |
                        %s
                        On %,d validation texts: accuracy %.4f, macro-F1 %.4f (epoch %d of %d was chosen by it).
                        Trained on %,d texts from %s, %,d tokens, %.0f minutes at %,.0f tokens per second.

                        """,
                        metrics.test().get(0).evaluation().texts(),
                        metrics.test().stream().map(Card::row).collect(Collectors.joining()),
                        metrics.validation().texts(),
                        metrics.validation().accuracy(),
                        metrics.validation().macroF1(),
                        metrics.bestEpoch(),
                        metrics.epochs(),
                        metrics.trainTexts(),
                        metrics.start(),
                        metrics.tokens(),
                        metrics.minutes(),
                        metrics.tokensPerSecond())
                + end(config, "Classifications", metrics.command());
    }

    static String of(EmbeddingRecipe recipe, ModelConfig config, EmbeddingMetrics metrics, long weightBytes) {
        StringBuilder tables = new StringBuilder();
        metrics.searches().forEach(search -> tables.append(tables(search)).append('\n'));
        return beginning(recipe, config, weightBytes, "- Vectors of %d components.\n".formatted(config.dimension()))
                + format(
                        """
                        ## Measured

                        %sTrained on %,d of %,d documents from %s: %,d steps, %,d tokens, %.0f minutes at %,.0f tokens per second. Step %d was
                        chosen by the mean reciprocal rank on %,d validation pairs, %.4f.

                        """,
                        tables,
                        Math.min(metrics.steps() * recipe.batchSize(), metrics.trainDocuments()),
                        metrics.trainDocuments(),
                        metrics.start(),
                        metrics.steps(),
                        metrics.tokens(),
                        metrics.minutes(),
                        metrics.tokensPerSecond(),
                        metrics.bestStep(),
                        metrics.validationPairs(),
                        metrics.validationMrr())
                + end(config, "float[]", metrics.command());
    }

    static String of(MaskedTokenRecipe recipe, ModelConfig config, MaskedTokenMetrics metrics, long weightBytes) {
        return beginning(recipe, config, weightBytes, "- Guesses masked tokens: a start for other trainings.\n")
                + format(
                        """
                        ## Measured

                        | step | perplexity |
                        | --- | --- |
                        | by the tokens' frequencies alone | %.2f |
                        %s
                        On %,d validation windows of %,d tokens, %.0f %% of them masked. Trained from nothing on %,d windows: %,d steps, %,d
                        tokens, %.0f minutes at %,.0f tokens per second; the state after step %d is kept.

                        ## Train again

                        ```
                        %s
                        ```
                        """,
                        metrics.unigramPerplexity(),
                        metrics.perplexities().stream()
                                .map(each -> format("| %,d | %.2f |%n", each.step(), each.value()))
                                .collect(Collectors.joining()),
                        metrics.validationWindows(),
                        config.maxTokens(),
                        100 * recipe.masked(),
                        metrics.trainWindows(),
                        metrics.steps(),
                        metrics.tokens(),
                        metrics.minutes(),
                        metrics.tokensPerSecond(),
                        metrics.bestStep(),
                        metrics.command());
    }

    private static String beginning(Recipe recipe, ModelConfig config, long weightBytes, String answers) {
        String attention = recipe.encoder().attention() instanceof LinformerAttention.Config linformer
                ? "Linformer attention, k = %s, %s sharing"
                        .formatted(
                                linformer.k().stream().map(String::valueOf).collect(Collectors.joining(", ")),
                                linformer.projection().sharing())
                : "full attention";
        return format(
                """
                # %s

                %s

                - Reads up to %,d tokens; %d layers, %d wide, %s; %.1f MB of weights (float16).
                %s- Data: %s
                - Not good for: %s

                """,
                config.name(),
                recipe.description(),
                config.maxTokens(),
                recipe.encoder().numLayers(),
                config.dimension(),
                attention,
                weightBytes / 1e6,
                answers,
                recipe.data(),
                recipe.limits());
    }

    private static String end(ModelConfig config, String answer, String command) {
        return format("""
                ## Load

                ```java
                Criteria<String, %s> criteria = Criteria.builder()
                        .setTypes(String.class, %s.class)
                        .optModelUrls("linformer://%s") // a packaged model; one in a folder is linformer:///path/of/the/folder
                        .build();
                ```

                ## Train again

                ```
                %s
                ```
                """, answer, answer, config.name(), command);
    }

    private static String row(ClassifierMetrics.Reading reading) {
        Evaluation evaluation = reading.evaluation();
        return format(
                "| %s (%,d) | %,d tokens | %.4f | %.4f |%n",
                reading.moreThan() == 0 ? "all" : format("over %,d tokens", reading.moreThan()),
                evaluation.texts(),
                reading.upTo(),
                evaluation.accuracy(),
                evaluation.macroF1());
    }

    private static String tables(EmbeddingMetrics.Search search) {
        Map<String, SearchFigures.Scores> bands = search.figures().get(0).byTokens();
        return format(
                """
                Search among %,d documents, none of which was learned from, all ways in one run:

                | | recall@1 | recall@10 | MRR | documents/s |
                | --- | --- | --- | --- | --- |
                %s
                Recall@1, recall@10 and MRR by the length of the document in tokens, with the number of queries:

                | |%s
                | --- |%s
                %s
                ```
                %s
                ```
                """,
                search.documents(),
                search.figures().stream().map(Card::row).collect(Collectors.joining()),
                bands.entrySet().stream()
                        .map(band -> format(
                                " %s (%,d) |", band.getKey(), band.getValue().queries()))
                        .collect(Collectors.joining()),
                " --- |".repeat(bands.size()),
                search.figures().stream().map(Card::rowByTokens).collect(Collectors.joining()),
                search.command());
    }

    private static String row(SearchFigures line) {
        return format(
                "| %s | %.4f | %.4f | %.4f | %,.1f |%n",
                line.method(),
                line.all().recallAt1(),
                line.all().recallAt10(),
                line.all().mrr(),
                line.documentsPerSecond());
    }

    private static String rowByTokens(SearchFigures line) {
        return "| " + line.method()
                + line.byTokens().values().stream()
                        .map(scores ->
                                format(" | %.3f, %.3f, %.3f", scores.recallAt1(), scores.recallAt10(), scores.mrr()))
                        .collect(Collectors.joining())
                + " |\n";
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
