package org.linformer.serving.model;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.repository.zoo.ModelNotFoundException;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTooLongException;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** The models that are served; loaded and warmed up when this is there, closed with it. */
@Component
public final class Models implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Models.class);
    private static final String WARM_UP =
            "A first text, so that the first caller does not wait for the engine. ".repeat(8);

    private final Map<String, LoadedModel> models = new LinkedHashMap<>();
    private final Inference inference;
    private final MeterRegistry meters;

    /** Characters that may be tokenized at once: a token costs some 500 bytes until its text is tokenized. */
    private final Semaphore tokenizing;

    Models(ServingProperties properties, MeterRegistry meters)
            throws IOException, ModelNotFoundException, MalformedModelException {
        this.meters = meters;
        tokenizing = new Semaphore(2 * properties.maxTextCharacters());
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(properties.intraOpThreads()));
        Engine engine = Engine.getInstance();
        for (String place : properties.models()) {
            LoadedModel model = new LoadedModel(place, properties.precision());
            requireFits(model.config(), properties);
            models.put(model.config().name(), model);
        }
        inference = new Inference(properties, meters);
        for (LoadedModel model : models.values()) {
            List<TokenizedText> text = List.of(model.tokenizer().tokenize(WARM_UP, Truncation.END));
            for (Task task : Task.values()) {
                if (model.does(task)) {
                    inference.answer(model, task, text).join();
                }
            }
        }
        LOG.info(
                "{} {} on {}, {} workers of {} threads: {}",
                engine.getEngineName(),
                engine.getVersion(),
                engine.defaultDevice(),
                properties.workers(),
                properties.intraOpThreads(),
                models.keySet());
    }

    private static void requireFits(ModelConfig config, ServingProperties properties) {
        if (properties.maxBatchTokens() < config.maxTokens()) {
            throw new IllegalArgumentException(
                    "serving.max-batch-tokens must be at least the %d tokens of %s, but is %d"
                            .formatted(config.maxTokens(), config.name(), properties.maxBatchTokens()));
        }
    }

    /**
     * Describes the models.
     *
     * @return what is served, the default first
     */
    public List<ModelInfo> list() {
        return models.values().stream().map(LoadedModel::info).toList();
    }

    /**
     * Describes a model.
     *
     * @param name its name
     * @return what it is
     * @throws UnknownModelException if there is no such model
     */
    public ModelInfo get(String name) {
        return named(name).info();
    }

    /**
     * Tells what was measured of a model.
     *
     * @param name its name
     * @return its card, in Markdown
     * @throws UnknownModelException if there is no such model
     * @throws IOException if the card cannot be read
     */
    public String card(String name) throws IOException {
        return named(name).card();
    }

    private LoadedModel named(String name) {
        LoadedModel model = models.get(name);
        if (model == null) {
            throw new UnknownModelException("model must be one of %s, but is %s".formatted(models.keySet(), name));
        }
        return model;
    }

    /**
     * Labels texts.
     *
     * @param name the model, or null for the default
     * @param texts the texts
     * @param truncate whether a text that is too long is cut at its end
     * @return the model's name, and each text's labels, the most probable first
     * @throws UnknownModelException if there is no such model, or it has no labels
     * @throws TextLengthException if a text is too long and may not be cut
     * @throws UnavailableException if there is no answer now
     */
    public CompletableFuture<Answers<List<Label>>> classify(
            @Nullable String name, List<String> texts, boolean truncate) {
        return ask(name, Task.CLASSIFY, texts, truncate).thenApply(answers -> answers.map(LoadedModel::labels));
    }

    /**
     * Embeds texts.
     *
     * @param name the model, or null for the default
     * @param texts the texts
     * @param truncate whether a text that is too long is cut at its end
     * @return the model's name, and each text's vector of length 1
     * @throws UnknownModelException if there is no such model, or it gives no vectors
     * @throws TextLengthException if a text is too long and may not be cut
     * @throws UnavailableException if there is no answer now
     */
    public CompletableFuture<Answers<float[]>> embed(@Nullable String name, List<String> texts, boolean truncate) {
        return ask(name, Task.EMBED, texts, truncate).thenApply(answers -> answers.map(float[].class::cast));
    }

    private CompletableFuture<Answers<Object>> ask(
            @Nullable String name, Task task, List<String> texts, boolean truncate) {
        LoadedModel model = find(name, task);
        inference.requireRoom();
        List<TokenizedText> tokenized = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            tokenized.add(tokenize(model, texts.get(i), i, truncate));
        }
        return inference.answer(model, task, tokenized).thenApply(values -> {
            List<Answer<Object>> answers = new ArrayList<>();
            for (int i = 0; i < values.size(); i++) {
                TokenizedText text = tokenized.get(i);
                answers.add(new Answer<>(values.get(i), text.read(), text.total()));
            }
            return new Answers<>(model.config().name(), answers);
        });
    }

    private TokenizedText tokenize(LoadedModel model, String text, int index, boolean truncate) {
        if (!tokenizing.tryAcquire(text.length())) {
            throw inference.tokenizersBusy();
        }
        try {
            TokenizedText tokenized = model.tokenizer().tokenize(text, truncate ? Truncation.END : Truncation.NONE);
            String name = model.config().name();
            DistributionSummary.builder("linformer.input.tokens")
                    .baseUnit("tokens")
                    .tags("model", name)
                    .register(meters)
                    .record(tokenized.total());
            if (tokenized.truncated()) {
                meters.counter("linformer.truncated", "model", name).increment();
            }
            return tokenized;
        } catch (TextTooLongException e) {
            throw new TextLengthException(index, e.tokens(), e.maxTokens());
        } finally {
            tokenizing.release(text.length());
        }
    }

    private LoadedModel find(@Nullable String name, Task task) {
        Collection<String> able = models.entrySet().stream()
                .filter(model -> model.getValue().does(task))
                .map(Map.Entry::getKey)
                .toList();
        LoadedModel model =
                name == null ? able.stream().findFirst().map(models::get).orElse(null) : models.get(name);
        if (model == null || !model.does(task)) {
            throw new UnknownModelException(
                    "model to %s with must be one of %s, but is %s".formatted(task, able, name));
        }
        return model;
    }

    @Override
    public void close() {
        inference.close();
        models.values().forEach(LoadedModel::close);
    }
}
