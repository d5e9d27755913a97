package org.linformer.serving.model;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.repository.zoo.ModelNotFoundException;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.RequestException;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TextTooLongException;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** The models that are served; loaded and warmed up when this is there, closed with it. */
@Component
public final class Models implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Models.class);
    private static final String WARM_UP =
            "A first text, so that the first caller does not wait for the engine. ".repeat(8);

    /** By name, in the order of the settings; replaced as a whole when a model is loaded again. */
    private volatile Map<String, LoadedModel> models = Map.of();

    private final List<String> failures = new ArrayList<>();
    private final ServingProperties properties;
    private final Inference inference;
    private final MeterRegistry meters;
    private final ObservationRegistry observations;

    /** Characters that may be tokenized at once: a token costs some 500 bytes until its text is tokenized. */
    private final Semaphore tokenizing;

    Models(ServingProperties properties, MeterRegistry meters, ObservationRegistry observations) {
        this.properties = properties;
        this.meters = meters;
        this.observations = observations;
        tokenizing = new Semaphore(2 * properties.maxTextCharacters());
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(properties.intraOpThreads()));
        Engine engine = Engine.getInstance();
        inference = new Inference(properties, meters);
        Map<String, LoadedModel> loaded = new LinkedHashMap<>();
        for (String place : properties.models()) {
            try {
                LoadedModel model = load(place);
                loaded.put(model.config().name(), model);
            } catch (IOException
                    | ModelNotFoundException
                    | MalformedModelException
                    | IllegalArgumentException
                    | CompletionException e) {
                // the others are served all the same
                LOG.error("{} cannot be served", place, e);
                failures.add(Path.of(place).getFileName().toString());
            }
        }
        models = Collections.unmodifiableMap(loaded);
        if (models.isEmpty()) {
            inference.close();
            throw new IllegalStateException("one of serving.models must load, but none of %s does".formatted(failures));
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

    /** Loads a model and lets it give its first answers. */
    private LoadedModel load(String place) throws IOException, ModelNotFoundException, MalformedModelException {
        LoadedModel model = new LoadedModel(place, properties.precision());
        try {
            requireFits(model.config(), properties);
            List<TokenizedText> text = List.of(model.tokenizer().tokenize(WARM_UP, Truncation.END));
            for (Task task : Task.values()) {
                if (model.does(task)) {
                    inference.answer(model, task, text).join();
                }
            }
            return model;
        } catch (RuntimeException e) {
            model.retire();
            throw e;
        }
    }

    /**
     * Loads a model again from its folder. Requests that were let in before are answered by the one that was there, and if
     * the new one cannot be loaded it stays.
     *
     * @param name its name
     * @return what it is now
     * @throws UnknownModelException if there is no such model
     * @throws RequestException if it comes from the jar, or the folder holds no model of this name that can be served
     */
    public synchronized ModelInfo reload(String name) {
        LoadedModel before = named(name);
        if (!before.place().contains("/")) {
            throw new RequestException(
                    HttpStatus.CONFLICT,
                    "model must be served from a folder to be loaded again, but %s is packaged".formatted(name));
        }
        LoadedModel after;
        try {
            after = load(before.place());
        } catch (IOException
                | ModelNotFoundException
                | MalformedModelException
                | IllegalArgumentException
                | CompletionException e) {
            LOG.error("{} cannot be loaded again", before.place(), e);
            throw new RequestException(
                    HttpStatus.CONFLICT,
                    "folder of %s must hold a model that can be served, but does not; see the service's log"
                            .formatted(name));
        }
        if (!after.config().name().equals(name)) {
            after.close();
            throw new RequestException(
                    HttpStatus.CONFLICT,
                    "folder of %s must hold a model of that name, but holds %s"
                            .formatted(name, after.config().name()));
        }
        Map<String, LoadedModel> changed = new LinkedHashMap<>(models);
        changed.put(name, after);
        models = Collections.unmodifiableMap(changed);
        before.retire();
        LOG.info("{} {} loaded again from {}", name, after.config().version(), before.place());
        return after.info();
    }

    /**
     * Tells what could not be loaded at the start; the log says why.
     *
     * @return the names of models or folders
     */
    public List<String> failures() {
        return Collections.unmodifiableList(failures);
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
     * Describes the model that embeds.
     *
     * @param name its name, or null for the default
     * @return what it is
     * @throws UnknownModelException if there is no such model, or it gives no vectors
     */
    public ModelInfo embedder(@Nullable String name) {
        return find(name, Task.EMBED).info();
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
     * @param truncate what happens to one that is too long
     * @return the model's name, and each text's labels, the most probable first
     * @throws UnknownModelException if there is no such model, or it has no labels
     * @throws TextLengthException if a text is too long and may not be cut
     * @throws RequestException if a token is none of the model's
     * @throws UnavailableException if there is no answer now
     */
    public CompletableFuture<Answers<List<Label>>> classify(
            @Nullable String name, List<Input> texts, Truncate truncate) {
        return ask(
                name,
                Task.CLASSIFY,
                texts,
                truncate,
                (model, probabilities) -> Label.ranked(model.config().labels(), probabilities));
    }

    /**
     * Embeds texts.
     *
     * @param name the model, or null for the default
     * @param texts the texts
     * @param truncate what happens to one that is too long
     * @return the model's name, and each text's vector of length 1
     * @throws UnknownModelException if there is no such model, or it gives no vectors
     * @throws TextLengthException if a text is too long and may not be cut
     * @throws RequestException if a token is none of the model's
     * @throws UnavailableException if there is no answer now
     */
    public CompletableFuture<Answers<float[]>> embed(@Nullable String name, List<Input> texts, Truncate truncate) {
        return ask(name, Task.EMBED, texts, truncate, (model, vector) -> normalized(vector));
    }

    private static float[] normalized(float[] vector) {
        double squares = 0;
        for (float component : vector) {
            squares += component * component;
        }
        float length = (float) Math.sqrt(squares);
        float[] unit = new float[vector.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = length == 0 ? 0 : vector[i] / length;
        }
        return unit;
    }

    /**
     * Tells the tokens that the default of the models that embed has for texts.
     *
     * @param texts the texts
     * @param withSpecial whether the special tokens around a text are told
     * @return each text's tokens
     * @throws UnknownModelException if no model embeds
     */
    public List<List<TextTokenizer.Token>> tokens(List<String> texts, boolean withSpecial) {
        LoadedModel model = enter(() -> find(null, Task.EMBED));
        try {
            return texts.stream()
                    .map(text -> bounded(text.length(), () -> model.tokenizer().tokens(text, withSpecial)))
                    .toList();
        } finally {
            model.leave();
        }
    }

    /**
     * Puts tokens of the default of the models that embed together again.
     *
     * @param ids ids of its tokens
     * @param withoutSpecial whether special tokens are left out
     * @return a text that has them
     * @throws UnknownModelException if no model embeds
     * @throws RequestException if a token is none of the model's
     */
    public String text(List<Integer> ids, boolean withoutSpecial) {
        LoadedModel model = enter(() -> find(null, Task.EMBED));
        try {
            return model.text(ids, withoutSpecial);
        } finally {
            model.leave();
        }
    }

    /** Finds a model and keeps it from being closed; once more if it was replaced in between. */
    private static LoadedModel enter(Supplier<LoadedModel> find) {
        LoadedModel model = find.get();
        while (!model.enter()) {
            model = find.get();
        }
        return model;
    }

    private <T> CompletableFuture<Answers<T>> ask(
            @Nullable String name,
            Task task,
            List<Input> texts,
            Truncate truncate,
            BiFunction<LoadedModel, float[], T> meaning) {
        LoadedModel model = enter(() -> find(name, task));
        Observation observation = Observation.createNotStarted("linformer.requests", observations)
                .lowCardinalityKeyValue("model", model.config().name())
                .lowCardinalityKeyValue("task", task.toString())
                .lowCardinalityKeyValue("outcome", "success")
                .start();
        try {
            return answer(model, task, texts, truncate)
                    .whenComplete((answers, failure) -> {
                        if (failure != null) {
                            observation.lowCardinalityKeyValue("outcome", outcome(failure.getCause()));
                        }
                        observation.stop();
                        model.leave();
                    })
                    .thenApply(answers -> answers.map(values -> meaning.apply(model, values)));
        } catch (RuntimeException e) {
            observation.lowCardinalityKeyValue("outcome", outcome(e)).stop();
            model.leave();
            throw e;
        }
    }

    private static String outcome(@Nullable Throwable failure) {
        return failure instanceof UnavailableException unavailable
                ? unavailable.reason().toString()
                : failure instanceof TextLengthException ? "too_long" : "invalid";
    }

    private CompletableFuture<Answers<float[]>> answer(
            LoadedModel model, Task task, List<Input> texts, Truncate truncate) {
        inference.requireRoom();
        long began = System.nanoTime();
        List<TokenizedText> wholes = new ArrayList<>();
        List<List<TokenizedText>> parts = new ArrayList<>();
        for (Input text : texts) {
            TokenizedText whole = bounded(text.length(), () -> model.tokenize(text));
            try {
                parts.add(truncate.parts(whole, model.config().maxTokens()));
            } catch (TextTooLongException e) {
                throw new TextLengthException(wholes.size(), e.tokens(), e.maxTokens());
            }
            wholes.add(whole);
        }
        long tokenize = System.nanoTime() - began;
        measure(model, task, wholes, parts, tokenize);
        return inference
                .answer(model, task, parts.stream().flatMap(List::stream).toList())
                .thenApply(done -> merge(model, wholes, parts, truncate, done, tokenize));
    }

    private static Answers<float[]> merge(
            LoadedModel model,
            List<TokenizedText> wholes,
            List<List<TokenizedText>> parts,
            Truncate truncate,
            List<Job.Done> done,
            long tokenize) {
        Iterator<Job.Done> next = done.iterator();
        List<Answer<float[]>> answers = new ArrayList<>();
        for (int i = 0; i < wholes.size(); i++) {
            List<TokenizedText> of = parts.get(i);
            int total = wholes.get(i).total();
            List<float[]> values = of.stream().map(part -> next.next().values()).toList();
            answers.add(new Answer<>(
                    truncate.merge(values, of),
                    of.size() > 1 ? total : of.get(0).read(),
                    total,
                    of.size()));
        }
        return new Answers<>(
                model.config().name(),
                answers,
                new Timing(
                        tokenize,
                        done.stream().mapToLong(Job.Done::queue).max().orElse(0),
                        done.stream().mapToLong(Job.Done::inference).max().orElse(0)));
    }

    private void measure(
            LoadedModel model,
            Task task,
            List<TokenizedText> wholes,
            List<List<TokenizedText>> parts,
            long tokenizeNanos) {
        String name = model.config().name();
        Timer.builder("linformer.tokenize.time")
                .tags("model", name, "task", task.toString())
                .publishPercentileHistogram()
                .register(meters)
                .record(tokenizeNanos, TimeUnit.NANOSECONDS);
        DistributionSummary lengths = DistributionSummary.builder("linformer.input.tokens")
                .baseUnit("tokens")
                .tags("model", name)
                .register(meters);
        wholes.forEach(text -> lengths.record(text.total()));
        long truncated = parts.stream()
                .filter(of -> of.size() == 1 && of.get(0).truncated())
                .count();
        meters.counter("linformer.truncated", "model", name).increment((double) truncated);
    }

    /** Does what costs memory by a text's length, unless too much of it is being done. */
    private <T> T bounded(int length, Supplier<T> work) {
        if (!tokenizing.tryAcquire(length)) {
            throw inference.tokenizersBusy();
        }
        try {
            return work.get();
        } finally {
            tokenizing.release(length);
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
