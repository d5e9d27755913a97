package org.linformer.serving.classify;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Answered;
import org.linformer.serving.RequestException;
import org.linformer.serving.Texts;
import org.linformer.serving.Tokens;
import org.linformer.serving.model.Answers;
import org.linformer.serving.model.Input;
import org.linformer.serving.model.Label;
import org.linformer.serving.model.Models;
import org.linformer.serving.model.TextLengthException;
import org.linformer.serving.model.Truncate;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
final class ClassifyController {

    private final Models models;
    private final Texts rules;

    ClassifyController(Models models, Texts rules) {
        this.models = models;
        this.rules = rules;
    }

    @PostMapping("/v1/classify")
    CompletableFuture<ResponseEntity<ClassifyResponse>> classify(@RequestBody ClassifyRequest request) {
        List<Input> texts = rules.require("text", request.text());
        int topK = topK(request.topK());
        Truncate truncate = rules.truncate(request.truncate());
        CompletableFuture<Answers<List<Label>>> labelled = request.candidateLabels() == null
                ? models.classify(request.model(), texts, truncate)
                : byLikeness(request.model(), texts, request.candidateLabels(), truncate);
        return labelled.thenApply(answers -> Answered.with(answers, response(answers, topK)));
    }

    /** Labels that no model was trained for: each by how near its own vector is to the text's. */
    private CompletableFuture<Answers<List<Label>>> byLikeness(
            @Nullable String model, List<Input> texts, List<@Nullable String> labels, Truncate truncate) {
        List<Input> all = new ArrayList<>(texts);
        all.addAll(rules.require("candidate_labels", labels).stream()
                .map(label -> (Input) new Input.Text(ZeroShot.SENTENCE.formatted(((Input.Text) label).characters())))
                .toList());
        return embed(model, all, texts.size(), truncate).thenApply(answers -> {
            List<float[]> vectors = answers.values();
            List<float[]> ofLabels = vectors.subList(texts.size(), vectors.size());
            List<String> names = IntStream.range(0, ofLabels.size())
                    .mapToObj(i -> String.valueOf(labels.get(i)))
                    .toList();
            return new Answers<>(answers.model(), answers.answers().subList(0, texts.size()), answers.timing())
                    .map(vector -> ZeroShot.labels(vector, names, ofLabels));
        });
    }

    private CompletableFuture<Answers<float[]>> embed(
            @Nullable String model, List<Input> all, int texts, Truncate truncate) {
        try {
            return models.embed(model, all, truncate);
        } catch (TextLengthException e) {
            if (e.index() < texts) {
                throw e;
            }
            throw new RequestException(
                    HttpStatus.UNPROCESSABLE_CONTENT,
                    "candidate_labels[%d] must be at most %d tokens with the sentence around it, but is %d"
                            .formatted(e.index() - texts, e.maxTokens(), e.tokens()));
        }
    }

    private static ClassifyResponse response(Answers<List<Label>> answers, int topK) {
        return new ClassifyResponse(
                answers.model(),
                answers.answers().stream()
                        .map(answer -> new ClassifyResponse.Result(
                                answer.value().stream().limit(topK).toList(), Tokens.of(answer)))
                        .toList());
    }

    private static int topK(@Nullable Integer topK) {
        if (topK != null && topK < 1) {
            throw new RequestException(HttpStatus.BAD_REQUEST, "top_k must be positive, but is " + topK);
        }
        return topK == null ? Integer.MAX_VALUE : topK;
    }
}
