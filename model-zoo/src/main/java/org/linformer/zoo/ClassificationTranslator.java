package org.linformer.zoo;

import ai.djl.modality.Classifications;
import java.util.List;
import java.util.stream.IntStream;
import org.linformer.encoder.ClassifierHead;

/** A text to the probabilities of its labels: the softmax of the logits. */
public final class ClassificationTranslator extends TokensTranslator<Classifications> {

    private final List<String> labels;

    /**
     * Constructs a translator.
     *
     * @param config the model
     * @throws IllegalArgumentException if the model does not classify
     */
    public ClassificationTranslator(ModelConfig config) {
        super(config, ClassifierHead.Config.class);
        labels = config.labels();
    }

    @Override
    Classifications answer(float[] logits) {
        double largest = IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i])
                .max()
                .orElse(0);
        double[] weights = IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.exp(logits[i] - largest))
                .toArray();
        double sum = java.util.Arrays.stream(weights).sum();
        return new Classifications(
                labels,
                java.util.Arrays.stream(weights)
                        .mapToObj(weight -> weight / sum)
                        .toList());
    }
}
