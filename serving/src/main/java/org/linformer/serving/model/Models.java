package org.linformer.serving.model;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Clients;
import org.linformer.serving.RequestException;
import org.linformer.serving.ServingProperties;
import org.linformer.serving.TokenVectors;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TextTooLongException;
import org.linformer.zoo.TokenizedText;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** What the endpoints ask of the models: labels, vectors and tokens. */
@Component
public final class Models {

    private final ModelRegistry registry;
    private final Inference inference;
    private final MeterRegistry meters;
    private final ObservationRegistry observations;
    private final Clients clients;
    private final TokenVectors tokenVectors;

    /** Characters that may be tokenized at once: a token costs some 500 bytes until its text is tokenized. */
    private final Semaphore tokenizing;

    private final int maxBatchTokens;

    Models(
            ServingProperties properties,
            ModelRegistry registry,
            MeterRegistry meters,
            ObservationRegistry observations,
            Clients clients,
            TokenVectors tokenVectors) {
        this.registry = registry;
        inference = registry.inference();
        this.meters = meters;
        this.observations = observations;
        this.clients = clients;
        this.tokenVectors = tokenVectors;
        maxBatchTokens = properties.maxBatchTokens();
        tokenizing = new Semaphore((int) Math.min(Integer.MAX_VALUE, 2L * properties.maxTextCharacters()));
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

    /**
     * Labels texts with the model's logits, which are no probabilities.
     *
     * @param name the model, or null for the default
     * @param texts the texts
     * @param truncate what happens to one that is too long
     * @return the model's name, and each text's labels, that of the largest logit first
     * @throws UnknownModelException if there is no such model, or it has no labels
     * @throws TextLengthException if a text is too long and may not be cut
     * @throws RequestException if a token is none of the model's
     * @throws UnavailableException if there is no answer now
     */
    public CompletableFuture<Answers<List<Label>>> score(@Nullable String name, List<Input> texts, Truncate truncate) {
        return ask(
                name,
                Task.SCORE,
                texts,
                truncate,
                (model, logits) -> Label.ranked(model.config().labels(), logits));
    }

    /**
     * Embeds the tokens of texts.
     *
     * @param name the model, or null for the default
     * @param texts the texts
     * @param truncate what happens to one that is too long, but no windows
     * @return the model's name, and a vector for each token of each text, special tokens and all, as the encoder gives
     *     it
     * @throws UnknownModelException if there is no such model, or it gives no vectors
     * @throws TextLengthException if a text is too long and may not be cut
     * @throws RequestException if a token is none of the model's, or the texts have too many
     * @throws UnavailableException if there is no answer now
     */
    public CompletableFuture<Answers<List<float[]>>> embedTokens(
            @Nullable String name, List<Input> texts, Truncate truncate) {
        return ask(
                name,
                Task.EMBED_TOKENS,
                texts,
                truncate,
                (model, values) -> rows(values, model.config().dimension()));
    }

    private static List<float[]> rows(float[] values, int width) {
        return IntStream.range(0, values.length / width)
                .mapToObj(row -> Arrays.copyOfRange(values, row * width, (row + 1) * width))
                .toList();
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
     * @throws RequestException if the texts have too many tokens
     * @throws UnavailableException if there is no answer now
     */
    public List<List<TextTokenizer.Token>> tokens(List<String> texts, boolean withSpecial) {
        LoadedModel model = registry.enter(null, Task.EMBED);
        try {
            List<List<TextTokenizer.Token>> tokens = new ArrayList<>();
            int together = 0;
            for (String text : texts) {
                List<TextTokenizer.Token> of =
                        bounded(text.length(), () -> model.tokenizer().tokens(text, withSpecial));
                together += of.size();
                if (together > maxBatchTokens) {
                    throw new RequestException(
                            HttpStatus.CONTENT_TOO_LARGE,
                            "texts that are tokenized must have at most serving.max-batch-tokens=%d tokens together, but have more"
                                    .formatted(maxBatchTokens));
                }
                tokens.add(of);
            }
            return tokens;
        } finally {
            model.leave();
        }
    }

    /**
     * Puts tokens of the default of the models that embed together again.
     *
     * @param ids ids of its tokens, for each text
     * @param withoutSpecial whether special tokens are left out
     * @return texts that have them
     * @throws UnknownModelException if no model embeds
     * @throws RequestException if a token is none of the model's, or they are too many
     */
    public List<String> texts(List<List<Integer>> ids, boolean withoutSpecial) {
        int together = ids.stream().mapToInt(List::size).sum();
        if (together > maxBatchTokens) {
            throw new RequestException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "ids must be at most serving.max-batch-tokens=%d together, but are %d"
                            .formatted(maxBatchTokens, together));
        }
        LoadedModel model = registry.enter(null, Task.EMBED);
        try {
            return ids.stream().map(each -> model.text(each, withoutSpecial)).toList();
        } finally {
            model.leave();
        }
    }

    private <T> CompletableFuture<Answers<T>> ask(
            @Nullable String name,
            Task task,
            List<Input> texts,
            Truncate truncate,
            BiFunction<LoadedModel, float[], T> meaning) {
        LoadedModel model = registry.enter(name, task);
        Observation observation = Observation.createNotStarted("linformer.requests", observations)
                .lowCardinalityKeyValue("model", model.config().name())
                .lowCardinalityKeyValue("task", task.toString())
                .lowCardinalityKeyValue("outcome", "success")
                .start();
        try {
            return answer(model, task, texts, truncate)
                    .thenApply(answers -> answers.map(values -> meaning.apply(model, values)))
                    .whenComplete((answers, failure) -> {
                        if (failure != null) {
                            observation.lowCardinalityKeyValue("outcome", outcome(failure.getCause()));
                        }
                        observation.stop();
                        model.leave();
                    });
        } catch (RuntimeException | Error e) {
            observation.lowCardinalityKeyValue("outcome", outcome(e)).stop();
            model.leave();
            throw e;
        }
    }

    private static String outcome(@Nullable Throwable failure) {
        if (failure instanceof ClientGoneException) {
            return "client_gone";
        }
        if (failure instanceof UnavailableException unavailable) {
            return unavailable.reason().toString();
        }
        if (failure instanceof TextLengthException) {
            return "too_long";
        }
        return failure instanceof RequestException ? "invalid" : "error";
    }

    private CompletableFuture<Answers<float[]>> answer(
            LoadedModel model, Task task, List<Input> texts, Truncate truncate) {
        inference.requireRoom();
        long began = System.nanoTime();
        List<Integer> totals = new ArrayList<>();
        List<List<TokenizedText>> parts = new ArrayList<>();
        for (Input text : texts) {
            TokenizedText whole = bounded(text.length(), () -> model.tokenize(text));
            try {
                parts.add(truncate.parts(whole, model.maxTokens()));
            } catch (TextTooLongException e) {
                throw new TextLengthException(totals.size(), e.tokens(), e.maxTokens());
            }
            totals.add(whole.total()); // its tokens would be kept as long as the request waits
        }
        if (task == Task.EMBED_TOKENS) {
            holdVectors(parts);
        }
        long tokenize = System.nanoTime() - began;
        measure(model, task, totals, parts, tokenize);
        return inference
                .answer(
                        clients.current(),
                        model,
                        task,
                        parts.stream().flatMap(List::stream).toList())
                .thenApply(done -> merge(model, totals, parts, truncate, done, tokenize));
    }

    /** The answer has a vector for each: 25 MB at the default limit, which a client may take its time to read. */
    private void holdVectors(List<List<TokenizedText>> parts) {
        int tokens = parts.stream()
                .flatMap(List::stream)
                .mapToInt(TokenizedText::read)
                .sum();
        if (tokens > maxBatchTokens) {
            throw new RequestException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "texts whose tokens want vectors must have at most serving.max-batch-tokens=%d tokens together, but have %d"
                            .formatted(maxBatchTokens, tokens));
        }
        if (!tokenVectors.hold(tokens)) {
            throw inference.busy(
                    "vectors of at most %d tokens may be computed or read at once, but others have not read theirs yet"
                            .formatted(tokenVectors.most()));
        }
    }

    private static Answers<float[]> merge(
            LoadedModel model,
            List<Integer> totals,
            List<List<TokenizedText>> parts,
            Truncate truncate,
            List<Job.Done> done,
            long tokenize) {
        Iterator<Job.Done> next = done.iterator();
        List<Answer<float[]>> answers = new ArrayList<>();
        for (int i = 0; i < totals.size(); i++) {
            List<TokenizedText> of = parts.get(i);
            int total = totals.get(i);
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
            LoadedModel model, Task task, List<Integer> totals, List<List<TokenizedText>> parts, long tokenizeNanos) {
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
        totals.forEach(lengths::record);
        long truncated = parts.stream()
                .filter(of -> of.size() == 1 && of.get(0).truncated())
                .count();
        meters.counter("linformer.truncated", "model", name).increment((double) truncated);
    }

    /** Does what costs memory by a text's length, unless too much of it is being done. */
    private <T> T bounded(int length, Supplier<T> work) {
        if (!tokenizing.tryAcquire(length)) {
            throw inference.busy(
                    "texts that are tokenized at once must be at most two of the longest, but would be more");
        }
        try {
            return work.get();
        } finally {
            tokenizing.release(length);
        }
    }
}
