package org.linformer.zoo;

import ai.djl.ndarray.NDList;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.util.List;

/**
 * A plain text to an answer: tokenizes, and leaves the rest to the translator of tokens.
 *
 * @param <O> the answer
 */
final class TextTranslator<O> implements Translator<String, O> {

    private final TextTokenizer tokenizer;
    private final Truncation truncation;
    private final TokensTranslator<O> translator;

    TextTranslator(TextTokenizer tokenizer, Truncation truncation, TokensTranslator<O> translator) {
        this.tokenizer = tokenizer;
        this.truncation = truncation;
        this.translator = translator;
    }

    @Override
    public Batchifier getBatchifier() {
        return translator.getBatchifier();
    }

    @Override
    public NDList processInput(TranslatorContext context, String text) {
        return batchProcessInput(context, List.of(text));
    }

    @Override
    public O processOutput(TranslatorContext context, NDList answers) {
        return translator.processOutput(context, answers);
    }

    @Override
    public NDList batchProcessInput(TranslatorContext context, List<String> texts) {
        return translator.batchProcessInput(context, tokenizer.tokenize(texts, truncation));
    }

    @Override
    public List<O> batchProcessOutput(TranslatorContext context, NDList answers) {
        return translator.batchProcessOutput(context, answers);
    }
}
