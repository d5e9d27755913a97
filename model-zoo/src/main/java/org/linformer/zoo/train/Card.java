package org.linformer.zoo.train;

import java.util.Locale;
import java.util.stream.Collectors;
import org.linformer.attention.LinformerAttention;
import org.linformer.zoo.ModelConfig;

/** The file {@code CARD.md}: what a user must know of a model, with the figures of {@code metrics.json}. */
final class Card {

    static final String FILE = "CARD.md";

    private Card() {}

    static String of(Recipe recipe, ModelConfig config, Metrics metrics, long weightBytes) {
        String attention = recipe.encoder().attention() instanceof LinformerAttention.Config linformer
                ? "Linformer attention, k = %s, %s sharing"
                        .formatted(
                                linformer.k().stream().map(String::valueOf).collect(Collectors.joining(", ")),
                                linformer.projection().sharing())
                : "full attention";
        return String.format(
                Locale.ROOT,
                """
                # %s

                %s

                - Reads up to %,d tokens; %d layers, %d wide, %s; %.1f MB of weights (float16).
                - Labels: %s.
                - Data: %s
                - Not good for: %s

                ## Measured

                On %,d test texts that neither training nor the choice of the epoch saw, by the packaged weights:

                | texts | read up to | accuracy | macro-F1 |
                | --- | --- | --- | --- |
                %s%s%s%s
                On %,d validation texts: accuracy %.4f, macro-F1 %.4f (epoch %d of %d was chosen by it).
                Trained on %,d texts from nothing, %.0f minutes at %,.0f tokens per second.

                ## Load

                ```java
                Criteria<String, Classifications> criteria = Criteria.builder()
                        .setTypes(String.class, Classifications.class)
                        .optGroupId("org.linformer")
                        .optArtifactId("%s")
                        .build();
                ```

                ## Train again

                ```
                %s
                ```
                """,
                config.name(),
                recipe.description(),
                config.maxTokens(),
                recipe.encoder().numLayers(),
                config.dimension(),
                attention,
                weightBytes / 1e6,
                String.join(", ", config.labels()),
                recipe.data(),
                recipe.limits(),
                metrics.test().texts(),
                row("all", config.maxTokens(), metrics.test()),
                row("all", 512, metrics.testCutAt512()),
                row("over 512 tokens", config.maxTokens(), metrics.testLongerThan512()),
                row("over 512 tokens", 512, metrics.testLongerThan512CutAt512()),
                metrics.validation().texts(),
                metrics.validation().accuracy(),
                metrics.validation().macroF1(),
                metrics.bestEpoch(),
                metrics.epochs(),
                metrics.trainTexts(),
                metrics.minutes(),
                metrics.tokensPerSecond(),
                config.name(),
                metrics.command());
    }

    private static String row(String texts, int maxTokens, Evaluation evaluation) {
        return String.format(
                Locale.ROOT,
                "| %s (%,d) | %,d tokens | %.4f | %.4f |%n",
                texts,
                evaluation.texts(),
                maxTokens,
                evaluation.accuracy(),
                evaluation.macroF1());
    }
}
