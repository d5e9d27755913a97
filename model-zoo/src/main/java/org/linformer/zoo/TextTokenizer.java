package org.linformer.zoo;

import ai.djl.Model;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The tokenizer of a model, with the model's limit; safe for use by many threads at once. */
public final class TextTokenizer implements AutoCloseable {

    private final HuggingFaceTokenizer tokenizer;
    private final int maxTokens;

    /**
     * Opens a tokenizer.
     *
     * @param file a {@code tokenizer.json}; truncation and padding that it asks for are left out
     * @param maxTokens the longest text, in tokens, special tokens counted
     * @throws IOException if the file cannot be read
     */
    public TextTokenizer(Path file, int maxTokens) throws IOException {
        tokenizer = HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"));
        this.maxTokens = maxTokens;
    }

    /**
     * Opens the tokenizer of a model.
     *
     * @param model a loaded model, with which the tokenizer is closed
     * @return its tokenizer
     * @throws IOException if the file cannot be read
     */
    public static TextTokenizer of(Model model) throws IOException {
        ModelConfig config = ModelConfig.of(model);
        TextTokenizer tokenizer =
                new TextTokenizer(model.getModelPath().resolve(ModelConfig.TOKENIZER), config.maxTokens());
        model.getNDManager().attachInternal("tokenizer-" + System.identityHashCode(tokenizer), tokenizer);
        return tokenizer;
    }

    /**
     * Returns the longest text.
     *
     * @return its length in tokens, special tokens counted
     */
    public int maxTokens() {
        return maxTokens;
    }

    /**
     * Tokenizes a text.
     *
     * @param text the text
     * @param truncation what happens if it is too long
     * @return its tokens
     * @throws TextTooLongException if it is too long and may not be cut
     */
    public TokenizedText tokenize(String text, Truncation truncation) {
        long[] ids = tokenizer.encode(text).getIds();
        if (ids.length > maxTokens && truncation == Truncation.NONE) {
            throw new TextTooLongException(ids.length, maxTokens);
        }
        return new TokenizedText(ids, ids.length).cut(maxTokens);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
