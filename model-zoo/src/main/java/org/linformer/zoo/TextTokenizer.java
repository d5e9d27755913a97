package org.linformer.zoo;

import ai.djl.Model;
import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

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
     * Tokenizes a text, however long it is.
     *
     * @param text the text
     * @return its tokens
     */
    public TokenizedText tokenize(String text) {
        return whole(tokenizer.encode(text).getIds());
    }

    /**
     * Tokenizes a pair of texts as one: {@code [CLS] first [SEP] second [SEP]}, as the tokenizer's template for pairs
     * says.
     *
     * @param first the first
     * @param second the second
     * @return their tokens
     */
    public TokenizedText tokenize(String first, String second) {
        return whole(tokenizer.encode(first, second).getIds());
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
        return tokenize(text).cut(maxTokens, truncation);
    }

    /**
     * Tokenizes texts.
     *
     * @param texts the texts
     * @param truncation what happens to one that is too long
     * @return their tokens
     * @throws IllegalArgumentException if one is null, or too long and may not be cut; the message says which
     */
    public List<TokenizedText> tokenize(List<String> texts, Truncation truncation) {
        List<TokenizedText> tokenized = new ArrayList<>();
        for (String text : texts) {
            int number = tokenized.size() + 1;
            if (text == null) {
                throw new IllegalArgumentException(
                        "text %d of %d must be a text, but is null".formatted(number, texts.size()));
            }
            try {
                tokenized.add(tokenize(text, truncation));
            } catch (TextTooLongException e) {
                throw new IllegalArgumentException(
                        "text %d of %d: %s".formatted(number, texts.size(), e.getMessage()), e);
            }
        }
        return tokenized;
    }

    /**
     * Takes token ids as a text.
     *
     * @param ids ids of its tokens, the special tokens around them too: they tell that the ids are this tokenizer's
     * @return its tokens
     * @throws IllegalArgumentException if they do not begin and end with these
     */
    public TokenizedText ofIds(long[] ids) {
        long[] around = tokenizer.encode("").getIds();
        if (ids.length < 2 || ids[0] != around[0] || ids[ids.length - 1] != around[1]) {
            throw new IllegalArgumentException("token ids must be those of the model, from %d to %d, but are others: %s"
                    .formatted(around[0], around[1], ends(ids)));
        }
        return whole(ids);
    }

    private static String ends(long[] ids) {
        return ids.length == 0 ? "none" : "from %d to %d".formatted(ids[0], ids[ids.length - 1]);
    }

    private static TokenizedText whole(long[] ids) {
        return new TokenizedText(ids, ids.length);
    }

    /**
     * A token of a text.
     *
     * @param id its id
     * @param text itself
     * @param special whether it stands for no part of the text
     * @param start where it starts in the text, in code points
     * @param end where it ends
     */
    public record Token(long id, String text, boolean special, int start, int end) {}

    /**
     * Tells the tokens of a text.
     *
     * @param text the text
     * @param withSpecial whether the special tokens around it are told
     * @return its tokens
     */
    public List<Token> tokens(String text, boolean withSpecial) {
        Encoding encoding = tokenizer.encode(text, withSpecial, false);
        return IntStream.range(0, encoding.getIds().length)
                .mapToObj(i -> {
                    CharSpan span = encoding.getCharTokenSpans()[i];
                    return new Token(
                            encoding.getIds()[i],
                            encoding.getTokens()[i],
                            encoding.getSpecialTokenMask()[i] == 1,
                            span == null ? 0 : span.getStart(),
                            span == null ? 0 : span.getEnd());
                })
                .toList();
    }

    /**
     * Puts tokens together again.
     *
     * @param ids ids of tokens
     * @param withoutSpecial whether special tokens are left out
     * @return a text that has them
     */
    public String text(long[] ids, boolean withoutSpecial) {
        return tokenizer.decode(ids, withoutSpecial);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
