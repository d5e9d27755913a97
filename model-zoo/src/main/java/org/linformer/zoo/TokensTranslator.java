package org.linformer.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.linformer.encoder.HeadConfig;

/**
 * Tokenized texts as one padded batch to the answer of one head, (b, c), row by row.
 *
 * @param <O> what a row of the answer becomes
 */
abstract class TokensTranslator<O> implements Translator<TokenizedText, O> {

    private final int head;

    TokensTranslator(ModelConfig config, Class<? extends HeadConfig> kind) {
        head = config.head(kind);
        if (head < 0) {
            throw new IllegalArgumentException("%s must have a %s, but has %s"
                    .formatted(config.name(), kind.getEnclosingClass().getSimpleName(), config.heads()));
        }
    }

    /** One row of the head's answer as the caller gets it. */
    abstract O answer(float[] row);

    @Override
    public Batchifier getBatchifier() {
        return Batchifier.STACK;
    }

    @Override
    public NDList processInput(TranslatorContext context, TokenizedText text) {
        return TokenizedText.batch(context.getNDManager(), List.of(text));
    }

    @Override
    public O processOutput(TranslatorContext context, NDList answers) {
        return batchProcessOutput(context, answers).get(0);
    }

    @Override
    public NDList batchProcessInput(TranslatorContext context, List<TokenizedText> texts) {
        return TokenizedText.batch(context.getNDManager(), texts);
    }

    @Override
    public List<O> batchProcessOutput(TranslatorContext context, NDList answers) {
        NDArray answer = answers.get(head).toType(DataType.FLOAT32, false); // (b, c)
        float[] values = answer.toFloatArray();
        int width = (int) answer.getShape().get(1);
        List<O> outputs = new ArrayList<>();
        for (int from = 0; from < values.length; from += width) {
            outputs.add(answer(Arrays.copyOfRange(values, from, from + width)));
        }
        return outputs;
    }
}
