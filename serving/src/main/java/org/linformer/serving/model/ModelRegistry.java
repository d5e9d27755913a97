package org.linformer.serving.model;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.repository.zoo.ModelNotFoundException;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.RequestException;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** The models that are served, and what runs them; loaded and warmed up when this is there, closed with it. */
@Component
public final class ModelRegistry implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ModelRegistry.class);
    private static final String WARM_UP =
            "A first text, so that the first caller does not wait for the engine. ".repeat(8);

    /** By name, in the order of the settings; replaced as a whole when a model is loaded again. */
    private volatile Map<String, LoadedModel> models = Map.of();

    private final List<String> failures = new ArrayList<>();
    private final ServingProperties properties;
    private final Inference inference;
    private final ReentrantLock reloading = new ReentrantLock();

    ModelRegistry(ServingProperties properties, MeterRegistry meters) {
        this.properties = properties;
        int cores = Runtime.getRuntime().availableProcessors();
        // PyTorch would count those of the machine, not of the container
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(cores));
        Engine engine = Engine.getInstance();
        inference = new Inference(properties, meters);
        Map<String, LoadedModel> loaded = new LinkedHashMap<>();
        for (String place : properties.models()) {
            try {
                LoadedModel model = load(place);
                if (loaded.putIfAbsent(model.config().name(), model) != null) {
                    model.retire();
                    throw new IllegalArgumentException("name of %s must be no other model's, but is %s"
                            .formatted(place, model.config().name()));
                }
            } catch (IOException | ModelNotFoundException | MalformedModelException | RuntimeException e) {
                // the others are served all the same
                LOG.error("{} cannot be served: {}", place, e.getMessage(), namesWhatIsWrong(e) ? null : e);
                failures.add(String.valueOf(Path.of(place).getFileName()));
            }
        }
        models = Collections.unmodifiableMap(loaded);
        meters.gauge("linformer.models.failed", failures, List::size);
        try {
            requireModels();
        } catch (InvalidConfigurationPropertyValueException e) {
            close();
            throw e;
        }
        if (properties.workers() > cores) {
            LOG.warn(
                    "serving.workers should be at most the {} cores, but is {}: they will wait for each other",
                    cores,
                    properties.workers());
        }
        LOG.info(
                "{} {} on {}, {} batches at once: {}",
                engine.getEngineName(),
                engine.getVersion(),
                engine.defaultDevice(),
                inference.workers(),
                models.keySet());
    }

    private static boolean namesWhatIsWrong(Exception e) {
        return e instanceof FileNotFoundException || e instanceof IllegalArgumentException;
    }

    private void requireModels() {
        if (models.isEmpty()) {
            throw new InvalidConfigurationPropertyValueException(
                    "serving.models", properties.models(), "one must load, but none does; the log says why");
        }
        Collection<String> unknown = new TreeSet<>(properties.limits().keySet());
        unknown.removeAll(models.keySet());
        if (!unknown.isEmpty() && failures.isEmpty()) {
            throw new InvalidConfigurationPropertyValueException(
                    "serving.limits",
                    properties.limits().keySet(),
                    "must be of models that are served, %s, but are of %s too".formatted(models.keySet(), unknown));
        }
    }

    /** Loads a model and lets it give its first answers. */
    private LoadedModel load(String place) throws IOException, ModelNotFoundException, MalformedModelException {
        LoadedModel model = new LoadedModel(place, properties.precision(), properties.limits());
        try {
            requireFits(model, properties);
            TokenizedText text = model.tokenizer().tokenize(WARM_UP, Truncation.END);
            for (Task task : Task.values()) {
                if (model.does(task)) {
                    inference.warmUp(model, task, text).join();
                }
            }
            return model;
        } catch (RuntimeException e) {
            model.retire();
            throw e;
        }
    }

    /**
     * Loads a model again from its folder. Requests that were let in before are answered by the one that was there, and
     * if the new one cannot be loaded it stays.
     *
     * @param name its name
     * @return what it is now
     * @throws UnknownModelException if there is no such model
     * @throws RequestException if it comes from the jar, a model is being loaded, or the folder holds no model of this
     *     name that can be served
     * @throws UnavailableException if the service stops
     */
    public ModelInfo reload(String name) {
        if (!reloading.tryLock()) {
            throw new RequestException(HttpStatus.CONFLICT, "one model must be loaded at a time, but another is");
        }
        try {
            return loadAgain(name);
        } finally {
            reloading.unlock();
        }
    }

    private ModelInfo loadAgain(String name) {
        LoadedModel before = named(name);
        if (!before.place().contains("/")) {
            throw new RequestException(
                    HttpStatus.CONFLICT,
                    "model must be served from a folder to be loaded again, but %s is packaged".formatted(name));
        }
        LoadedModel after;
        try {
            after = load(before.place());
        } catch (UnavailableException e) {
            throw e;
        } catch (IOException | ModelNotFoundException | MalformedModelException | RuntimeException e) {
            LOG.error("{} cannot be loaded again", before.place(), e);
            throw new RequestException(
                    HttpStatus.CONFLICT,
                    "folder of %s must hold a model that can be served, but does not: %s"
                            .formatted(name, namesWhatIsWrong(e) ? e.getMessage() : "see the service's log"));
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

    private static void requireFits(LoadedModel model, ServingProperties properties) {
        if (properties.maxBatchTokens() < model.maxTokens()) {
            throw new IllegalArgumentException(
                    "serving.max-batch-tokens must be at least the %d tokens of %s, but is %d"
                            .formatted(model.maxTokens(), model.config().name(), properties.maxBatchTokens()));
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
     * @throws RequestException if it has no card: nothing was measured
     * @throws IOException if the card cannot be read
     */
    public String card(String name) throws IOException {
        try {
            return named(name).card();
        } catch (NoSuchFileException e) {
            throw new RequestException(HttpStatus.NOT_FOUND, "model must have a card, but %s has none".formatted(name));
        }
    }

    private LoadedModel named(String name) {
        LoadedModel model = models.get(name);
        if (model == null) {
            throw new UnknownModelException("model must be one of %s, but is %s".formatted(models.keySet(), name));
        }
        return model;
    }

    /** Finds a model and keeps it from being closed until it is left; once more if it was replaced in between. */
    LoadedModel enter(@Nullable String name, Task task) {
        LoadedModel model = find(name, task);
        while (!model.enter()) {
            model = find(name, task);
        }
        return model;
    }

    /** Finds a model that can do what is asked, the default if none is named. */
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

    /** What runs the models. */
    Inference inference() {
        return inference;
    }

    @Override
    public void close() {
        inference.close();
        models.values().forEach(LoadedModel::close);
    }
}
