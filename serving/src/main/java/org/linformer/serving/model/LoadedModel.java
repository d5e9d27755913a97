package org.linformer.serving.model;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.linformer.attention.LinformerAttention;
import org.linformer.serving.ModelLimits;
import org.linformer.serving.RequestException;
import org.linformer.zoo.ClassificationTranslator;
import org.linformer.zoo.EmbeddingTranslator;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.LogitsTranslator;
import org.linformer.zoo.ModelBlockFactory;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TokenVectorsPredictor;
import org.linformer.zoo.TokenizedText;
import org.springframework.http.HttpStatus;

/** A model in memory, with its tokenizer; both tasks share the weights. */
final class LoadedModel implements AutoCloseable {

    private final String place;
    private final ZooModel<NDList, NDList> model;
    private final ModelConfig config;
    private final TextTokenizer tokenizer;
    private final ModelLimits limits;
    private final Instant loadedAt = Instant.now();
    private int users;
    private boolean retired;
    private boolean closed;

    /** Loads a model of the zoo, or of a folder if the place has a slash. */
    LoadedModel(String place, String precision, Map<String, ModelLimits> limits)
            throws IOException, ModelNotFoundException, MalformedModelException {
        this.place = place;
        model = Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelUrls(LinformerModelZoo.url(place))
                .optTranslator(new NoopTranslator())
                .optArgument("precision", precision)
                .build()
                .loadModel();
        config = ModelConfig.of(model);
        tokenizer = TextTokenizer.of(model);
        this.limits = limits.getOrDefault(config.name(), ModelLimits.NONE);
    }

    /** Where it was loaded from. */
    String place() {
        return place;
    }

    ModelConfig config() {
        return config;
    }

    ModelInfo info() {
        return new ModelInfo(
                config.name(),
                "model",
                loadedAt.getEpochSecond(),
                "linformer",
                config.version(),
                config.labels(),
                config.embeds() ? config.dimension() : 0,
                maxTokens(),
                config.encoder().attention() instanceof LinformerAttention.Config linformer ? linformer.k() : List.of(),
                // may be less than was asked for
                model.getProperty(ModelBlockFactory.DTYPE));
    }

    /** Tokens of the longest text that is read. */
    int maxTokens() {
        return Math.min(config.maxTokens(), limits.maxTokens());
    }

    /** Tokens of its texts that may wait. */
    int maxQueuedTokens() {
        return limits.maxQueuedTokens();
    }

    String card() throws IOException {
        return Files.readString(model.getModelPath().resolve("CARD.md"));
    }

    TextTokenizer tokenizer() {
        return tokenizer;
    }

    boolean does(Task task) {
        return task.isOfLabels() ? config.classifies() : config.embeds();
    }

    /**
     * Reads a text.
     *
     * @throws RequestException if a token is none of the model's
     */
    TokenizedText tokenize(Input input) {
        if (input instanceof Input.Text text) {
            return tokenizer.tokenize(text.characters());
        }
        if (input instanceof Input.Pair pair) {
            return tokenizer.tokenize(pair.first(), pair.second());
        }
        try {
            return tokenizer.ofIds(ids(((Input.Tokens) input).ids()));
        } catch (IllegalArgumentException e) {
            throw new RequestException(HttpStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Puts tokens together again.
     *
     * @throws RequestException if one is none of the model's
     */
    String text(List<Integer> ids, boolean withoutSpecial) {
        return tokenizer.text(ids(ids), withoutSpecial);
    }

    private long[] ids(List<Integer> tokens) {
        long[] ids = tokens.stream().mapToLong(Integer::longValue).toArray();
        for (long id : ids) {
            if (id < 0 || id >= config.vocabSize()) {
                throw new RequestException(
                        HttpStatus.BAD_REQUEST,
                        "token ids of %s must be in [0, %d), but one is %d"
                                .formatted(config.name(), config.vocabSize(), id));
            }
        }
        return ids;
    }

    Predictor<TokenizedText, ?> newPredictor(Task task) {
        return switch (task) {
            case CLASSIFY -> model.newPredictor(new ClassificationTranslator(config));
            case SCORE -> model.newPredictor(new LogitsTranslator(config));
            case EMBED -> model.newPredictor(new EmbeddingTranslator(config));
            case EMBED_TOKENS -> new TokenVectorsPredictor(model);
        };
    }

    /** The numbers in an answer: the vector or the tokens' vectors, or a number for each label in their order. */
    static float[] values(Object answer) {
        if (answer instanceof float[] vector) {
            return vector;
        }
        List<Double> probabilities = ((Classifications) answer).getProbabilities();
        float[] values = new float[probabilities.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = probabilities.get(i).floatValue();
        }
        return values;
    }

    /**
     * Counts in a user: a request, or a text that waits.
     *
     * @return whether it may be used, for it is not once it was replaced
     */
    synchronized boolean enter() {
        users += closed ? 0 : 1;
        return !closed;
    }

    /** Counts out what was counted in. */
    synchronized void leave() {
        users--;
        closeIfIdle();
    }

    /** Closes it as soon as nothing uses it any more. */
    synchronized void retire() {
        retired = true;
        closeIfIdle();
    }

    private void closeIfIdle() {
        if (retired && users == 0) {
            close();
        }
    }

    synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized void close() {
        closed = true;
        model.close();
    }
}
