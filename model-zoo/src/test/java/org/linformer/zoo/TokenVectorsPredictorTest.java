package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What lies before a model's answer: the vectors of its tokens, and its logits. */
class TokenVectorsPredictorTest {

    private static <A> ZooModel<TokenizedText, A> load(String name, Class<A> answer) throws Exception {
        return Criteria.builder()
                .setTypes(TokenizedText.class, answer)
                .optModelUrls(LinformerModelZoo.url(name))
                .build()
                .loadModel();
    }

    @Test
    void givesEachTokenTheVectorThatItGetsWithoutPadding() throws Exception {
        try (ZooModel<TokenizedText, float[]> model = load("minilm-linformer-4k", float[].class);
                TextTokenizer tokenizer = TextTokenizer.of(model);
                Predictor<TokenizedText, float[]> tokens = new TokenVectorsPredictor(model);
                Predictor<TokenizedText, float[]> texts = model.newPredictor()) {
            TokenizedText text = tokenizer.tokenize("Chop the onions");
            TokenizedText longer = tokenizer.tokenize("Chop the onions and fry them in butter until they are golden");

            float[] alone = tokens.predict(text);
            List<float[]> batch = tokens.batchPredict(List.of(longer, text));

            assertThat(alone).hasSize(text.read() * 384);
            assertThat(batch.get(0)).hasSize(longer.read() * 384);
            assertThat(batch.get(1)).containsExactly(alone, within(1e-4f));
            assertThat(normalizedMean(alone, 384)).containsExactly(texts.predict(text), within(1e-4f));
        }
    }

    private static float[] normalizedMean(float[] rows, int width) {
        float[] mean = new float[width];
        double squares = 0;
        for (int i = 0; i < rows.length; i++) {
            mean[i % width] += rows[i];
        }
        for (float component : mean) {
            squares += component * component;
        }
        for (int i = 0; i < width; i++) {
            mean[i] /= (float) Math.sqrt(squares);
        }
        return mean;
    }

    @Test
    void givesTheLogitsOfTheProbabilities() throws Exception {
        try (ZooModel<TokenizedText, Classifications> model = load("spam-linformer", Classifications.class);
                TextTokenizer tokenizer = TextTokenizer.of(model);
                Predictor<TokenizedText, float[]> logits =
                        model.newPredictor(new LogitsTranslator(ModelConfig.of(model)));
                Predictor<TokenizedText, Classifications> labels = model.newPredictor()) {
            TokenizedText pair = tokenizer.tokenize("You have won", "Click here");

            float[] raw = logits.predict(pair);

            assertThat(pair.ids())
                    .containsExactly(
                            tokenizer.tokenize("You have won [SEP] Click here").ids());
            assertThat(labels.predict(pair).get("spam").getProbability())
                    .isEqualTo(1 / (1 + Math.exp(raw[0] - raw[1])), within(1e-6));
        }
        try (ZooModel<TokenizedText, float[]> model = load("minilm-linformer-4k", float[].class)) {
            ModelConfig config = ModelConfig.of(model);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new LogitsTranslator(config))
                    .withMessageStartingWith("minilm-linformer-4k must have a ClassifierHead, but has [");
        }
    }
}
