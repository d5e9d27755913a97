package org.linformer.zoo;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.linformer.encoder.EncoderModel;

/**
 * A text to a vector for each of its tokens, special tokens and all: what the model's heads are asked about. The
 * vectors of a text stand behind each other, dModel numbers each, as they come from the encoder: their length is not 1.
 */
public final class TokenVectorsPredictor extends Predictor<TokenizedText, float[]> {

    /**
     * Constructs a predictor.
     *
     * @param model a model of the zoo
     */
    public TokenVectorsPredictor(Model model) {
        super(model, new Rows(), model.getNDManager().getDevice(), /* copy= */ false);
    }

    @Override
    protected NDList predictInternal(TranslatorContext context, NDList inputs) {
        return new NDList(((EncoderModel) block).encode(parameterStore, inputs, false)); // (b, n, dModel)
    }

    private static final class Rows implements Translator<TokenizedText, float[]> {

        private static final String TEXTS = "texts";

        @Override
        public Batchifier getBatchifier() {
            return Batchifier.STACK;
        }

        @Override
        public NDList processInput(TranslatorContext context, TokenizedText text) {
            return batchProcessInput(context, List.of(text));
        }

        @Override
        public float[] processOutput(TranslatorContext context, NDList vectors) {
            return batchProcessOutput(context, vectors).get(0);
        }

        @Override
        public NDList batchProcessInput(TranslatorContext context, List<TokenizedText> texts) {
            context.setAttachment(TEXTS, texts);
            return TokenizedText.batch(context.getNDManager(), texts);
        }

        /** Leaves out what was computed for padding. */
        @Override
        @SuppressWarnings("unchecked") // it was put there
        public List<float[]> batchProcessOutput(TranslatorContext context, NDList vectors) {
            NDArray x = vectors.singletonOrThrow().toType(DataType.FLOAT32, false); // (b, n, dModel)
            int n = (int) x.getShape().get(1);
            int width = (int) x.getShape().get(2);
            float[] values = x.toFloatArray();
            List<float[]> outputs = new ArrayList<>();
            for (TokenizedText text : (List<TokenizedText>) context.getAttachment(TEXTS)) {
                int from = outputs.size() * n * width;
                outputs.add(Arrays.copyOfRange(values, from, from + text.read() * width));
            }
            return outputs;
        }
    }
}
