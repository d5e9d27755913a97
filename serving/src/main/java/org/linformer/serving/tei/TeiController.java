package org.linformer.serving.tei;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Answered;
import org.linformer.serving.NoTextException;
import org.linformer.serving.RequestException;
import org.linformer.serving.ServingProperties;
import org.linformer.serving.Texts;
import org.linformer.serving.model.Answers;
import org.linformer.serving.model.Input;
import org.linformer.serving.model.Label;
import org.linformer.serving.model.ModelRegistry;
import org.linformer.serving.model.Models;
import org.linformer.serving.model.Truncate;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.search.VectorSearch;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Answers as text-embeddings-inference does, with the default models: it serves one model, and so names none. */
@RestController
final class TeiController {

    private final ModelRegistry registry;
    private final Models models;
    private final Texts rules;
    private final ServingProperties properties;

    TeiController(ModelRegistry registry, Models models, Texts rules, ServingProperties properties) {
        this.registry = registry;
        this.models = models;
        this.rules = rules;
        this.properties = properties;
    }

    @PostMapping("/embed")
    CompletableFuture<ResponseEntity<List<float[]>>> embed(@RequestBody EmbedRequest request) {
        List<Input> texts = rules.require("inputs", request.inputs());
        requireSame("normalize", request.normalize(), true);
        requireSame("prompt_name", request.promptName(), null);
        requireSame("dimensions", request.dimensions(), registry.embedder(null).dimension());
        return models.embed(null, texts, truncate(request.truncate(), request.truncationDirection()))
                .thenApply(answers -> Answered.with(answers, answers.values()));
    }

    @PostMapping("/embed_all")
    CompletableFuture<ResponseEntity<List<List<float[]>>>> embedAll(@RequestBody EmbedAllRequest request) {
        List<Input> texts = rules.require("inputs", request.inputs());
        requireSame("prompt_name", request.promptName(), null);
        return models.embedTokens(null, texts, truncate(request.truncate(), request.truncationDirection()))
                .thenApply(answers -> Answered.with(answers, answers.values()));
    }

    @PostMapping("/predict")
    CompletableFuture<ResponseEntity<Object>> predict(@RequestBody PredictRequest request) {
        PredictRequest.Sequences sequences = request.inputs();
        if (sequences == null || sequences.list().isEmpty()) {
            throw new NoTextException(
                    "inputs must be a text, a pair of texts, or a list of lists of one or two texts, but is %s"
                            .formatted(sequences == null ? null : List.of()));
        }
        List<Input> texts = rules.requireAll("inputs", sequences.list());
        Truncate truncate = truncate(request.truncate(), request.truncationDirection());
        CompletableFuture<Answers<List<Label>>> labelled = Boolean.TRUE.equals(request.rawScores())
                ? models.score(null, texts, truncate)
                : models.classify(null, texts, truncate);
        return labelled.thenApply(answers -> {
            List<List<Label>> labels = answers.values();
            return Answered.with(answers, sequences.isBatch() ? labels : labels.get(0));
        });
    }

    @PostMapping("/similarity")
    CompletableFuture<ResponseEntity<List<Double>>> similarity(@RequestBody SimilarityRequest request) {
        SimilarityRequest.Sentences sentences = request.inputs();
        if (sentences == null) {
            throw new NoTextException("inputs must have source_sentence and sentences, but is null");
        }
        List<@Nullable String> source = new ArrayList<>();
        source.add(sentences.sourceSentence());
        List<Input> all = new ArrayList<>(rules.require("inputs.source_sentence", source));
        all.addAll(rules.require("inputs.sentences", sentences.sentences()));
        SimilarityRequest.Parameters parameters = request.parameters();
        Truncate truncate =
                parameters == null ? Truncate.NONE : truncate(parameters.truncate(), parameters.truncationDirection());
        return models.embed(null, all, truncate).thenApply(answers -> {
            List<float[]> vectors = answers.values();
            float[] from = vectors.get(0);
            return Answered.with(
                    answers,
                    vectors.stream()
                            .skip(1)
                            .map(to -> VectorSearch.dot(from, to))
                            .toList());
        });
    }

    @PostMapping("/tokenize")
    List<List<TokenizeResponse>> tokenize(@RequestBody TokenizeRequest request) {
        requireSame("prompt_name", request.promptName(), null);
        List<String> texts = rules.require("inputs", request.inputs()).stream()
                .map(text -> wellFormed(((Input.Text) text).characters()))
                .toList();
        boolean withSpecial = request.addSpecialTokens() == null || request.addSpecialTokens();
        List<List<TextTokenizer.Token>> tokens = models.tokens(texts, withSpecial);
        return IntStream.range(0, texts.size())
                .mapToObj(i -> TokenizeResponse.of(texts.get(i), tokens.get(i)))
                .toList();
    }

    /** A lone surrogate, which stands for no character, becomes a question mark: a token must be some part of the text. */
    private static String wellFormed(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    @PostMapping("/decode")
    List<String> decode(@RequestBody DecodeRequest request) {
        boolean withoutSpecial = request.skipSpecialTokens() == null || request.skipSpecialTokens();
        List<List<Integer>> ids = new ArrayList<>();
        for (Input each : rules.require("ids", request.ids())) {
            if (!(each instanceof Input.Tokens tokens)) {
                throw new RequestException(HttpStatus.BAD_REQUEST, "ids must be token ids, but is a text");
            }
            ids.add(tokens.ids());
        }
        return models.texts(ids, withoutSpecial);
    }

    @GetMapping("/info")
    InfoResponse info() {
        return InfoResponse.of(registry.list().get(0), properties);
    }

    private static Truncate truncate(@Nullable Boolean truncate, @Nullable String direction) {
        String from = direction == null ? "right" : direction.toLowerCase(Locale.ROOT);
        if (!from.equals("right") && !from.equals("left")) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST, "truncation_direction must be one of [Left, Right], but is " + direction);
        }
        if (truncate == null || !truncate) {
            return Truncate.NONE;
        }
        return from.equals("right") ? Truncate.END : Truncate.START;
    }

    /** Refuses what the models do not do, unless it is what they do anyway. */
    private static void requireSame(String field, @Nullable Object value, @Nullable Object always) {
        if (value != null && !value.equals(always)) {
            throw new RequestException(
                    HttpStatus.UNPROCESSABLE_CONTENT,
                    "%s must be left out or %s, but is %s".formatted(field, always, value));
        }
    }
}
