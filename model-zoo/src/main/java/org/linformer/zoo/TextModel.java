package org.linformer.zoo;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * A model that answers any number of texts, asked by any number of threads: it puts texts of about equal length into
 * one batch, and gives the answers in the order of the texts.
 *
 * @param <A> the answer: {@code float[]}, the vector of a text, or {@code Classifications}
 */
public final class TextModel<A> implements AutoCloseable {

    /** Tokens in a batch, padding counted, where nobody wants another number. */
    public static final int BATCH_TOKENS = 16_384;

    /** The precision that a model computes in if nothing is said. */
    public static final String FLOAT32 = "float32";

    private final ZooModel<TokenizedText, A> model;
    private final ModelConfig config;
    private final TextTokenizer tokenizer;
    private final ReadWriteLock open = new ReentrantReadWriteLock();
    private boolean isClosed;

    /**
     * Loads a model.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @param answer what it is asked for
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not give such answers
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration
     */
    public TextModel(String place, Class<A> answer)
            throws IOException, ModelNotFoundException, MalformedModelException {
        this(place, answer, FLOAT32);
    }

    /**
     * Loads a model.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @param answer what it is asked for
     * @param precision what it computes in: {@code float32}, or {@code bfloat16} where the device is faster with it
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not give such answers
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration, or there is no such precision
     */
    public TextModel(String place, Class<A> answer, String precision)
            throws IOException, ModelNotFoundException, MalformedModelException {
        model = Criteria.builder()
                .setTypes(TokenizedText.class, answer)
                .optModelZoo(new LinformerModelZoo(place))
                .optArgument("precision", precision)
                .build()
                .loadModel();
        try {
            config = ModelConfig.of(model);
            tokenizer = TextTokenizer.of(model);
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /**
     * Returns what the model is.
     *
     * @return its configuration
     */
    public ModelConfig config() {
        return config;
    }

    /**
     * Tokenizes a text.
     *
     * @param text the text
     * @param truncation what happens if it is too long
     * @return its tokens
     * @throws TextTooLongException if it is too long and may not be cut
     * @throws IllegalStateException if the model is closed
     */
    public TokenizedText tokenize(String text, Truncation truncation) {
        return whileOpen(() -> tokenizer.tokenize(text, truncation));
    }

    /**
     * Tokenizes texts.
     *
     * @param texts the texts
     * @param truncation what happens to one that is too long
     * @return their tokens
     * @throws IllegalArgumentException if one is null, or too long and may not be cut; the message says which
     * @throws IllegalStateException if the model is closed
     */
    public List<TokenizedText> tokenize(List<String> texts, Truncation truncation) {
        return whileOpen(() -> tokenizer.tokenize(texts, truncation));
    }

    /**
     * Answers texts.
     *
     * @param texts the texts
     * @param maxBatchTokens tokens, padding counted, that go through the model at once; a longer text goes alone
     * @return the answers, in the order of the texts
     * @throws IllegalStateException if the engine fails, or the model is closed
     */
    public List<A> answer(List<TokenizedText> texts, int maxBatchTokens) {
        return whileOpen(() -> answers(texts, maxBatchTokens));
    }

    private List<A> answers(List<TokenizedText> texts, int maxBatchTokens) {
        List<A> answers = new ArrayList<>(Collections.nCopies(texts.size(), null));
        // a predictor is for one thread alone, and made in no time
        try (Predictor<TokenizedText, A> predictor = model.newPredictor()) {
            for (List<Integer> batch : TokenizedText.byLength(texts, maxBatchTokens)) {
                List<A> some =
                        predictor.batchPredict(batch.stream().map(texts::get).toList());
                for (int i = 0; i < batch.size(); i++) {
                    answers.set(batch.get(i), some.get(i));
                }
            }
        } catch (TranslateException e) {
            throw new IllegalStateException(
                    "%s must answer %d texts, but the engine failed".formatted(config.name(), texts.size()), e);
        }
        return answers;
    }

    /** Closed under a thread that computes, native memory would be freed while it is read. */
    private <T> T whileOpen(Supplier<T> work) {
        open.readLock().lock();
        try {
            if (isClosed) {
                throw new IllegalStateException("%s must be open, but is closed".formatted(config.name()));
            }
            return work.get();
        } finally {
            open.readLock().unlock();
        }
    }

    /** Waits for the texts that are being answered, and frees the model. */
    @Override
    public void close() {
        open.writeLock().lock();
        try {
            isClosed = true;
            model.close();
        } finally {
            open.writeLock().unlock();
        }
    }
}
