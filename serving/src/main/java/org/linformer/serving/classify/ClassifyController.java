package org.linformer.serving.classify;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.RequestException;
import org.linformer.serving.Texts;
import org.linformer.serving.Tokens;
import org.linformer.serving.model.Answers;
import org.linformer.serving.model.Label;
import org.linformer.serving.model.Models;
import org.springframework.http.HttpStatus;
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
    CompletableFuture<ClassifyResponse> classify(@RequestBody ClassifyRequest request) {
        List<String> texts = rules.require("text", request.text());
        int topK = topK(request.topK());
        return models.classify(request.model(), texts, rules.truncates(request.truncate()))
                .thenApply(answers -> response(answers, topK));
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
