package org.linformer.serving.embed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Answered;
import org.linformer.serving.RequestException;
import org.linformer.serving.Texts;
import org.linformer.serving.Tokens;
import org.linformer.serving.model.Answer;
import org.linformer.serving.model.Answers;
import org.linformer.serving.model.Input;
import org.linformer.serving.model.ModelRegistry;
import org.linformer.serving.model.Models;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
final class EmbeddingsController {

    private final ModelRegistry registry;
    private final Models models;
    private final Texts rules;

    EmbeddingsController(ModelRegistry registry, Models models, Texts rules) {
        this.registry = registry;
        this.models = models;
        this.rules = rules;
    }

    @PostMapping("/v1/embeddings")
    CompletableFuture<ResponseEntity<EmbeddingsResponse>> embed(@RequestBody EmbeddingsRequest request) {
        List<Input> texts = rules.require("input", request.input());
        boolean base64 = isBase64(request.encodingFormat());
        requireWhole(request);
        return models.embed(request.model(), texts, rules.truncate(request.truncate()))
                .thenApply(answers -> Answered.with(answers, response(answers, base64)));
    }

    private void requireWhole(EmbeddingsRequest request) {
        if (request.dimensions() == null) {
            return;
        }
        int dimension = registry.embedder(request.model()).dimension();
        if (request.dimensions() != dimension) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST,
                    "dimensions must be left out or %d, as the model was not trained for shorter vectors, but is %d"
                            .formatted(dimension, request.dimensions()));
        }
    }

    private static EmbeddingsResponse response(Answers<float[]> answers, boolean base64) {
        List<Answer<float[]>> vectors = answers.answers();
        return new EmbeddingsResponse(
                "list",
                IntStream.range(0, vectors.size())
                        .mapToObj(i -> embedding(i, vectors.get(i), base64))
                        .toList(),
                answers.model(),
                new EmbeddingsResponse.Usage(answers.tokensRead(), answers.tokensRead()));
    }

    private static EmbeddingsResponse.Embedding embedding(int index, Answer<float[]> answer, boolean base64) {
        return new EmbeddingsResponse.Embedding(
                "embedding", index, base64 ? base64(answer.value()) : answer.value(), Tokens.of(answer));
    }

    private static boolean isBase64(@Nullable String format) {
        if (format != null && !format.equals("float") && !format.equals("base64")) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST, "encoding_format must be one of [float, base64], but is " + format);
        }
        return "base64".equals(format);
    }

    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
