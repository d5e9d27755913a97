package org.linformer.serving.tei;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.linformer.serving.ServingProperties;
import org.linformer.serving.model.ModelInfo;

/**
 * The default model and the limits of the service.
 *
 * @param modelId the model's name
 * @param modelSha version of its weights
 * @param modelDtype in what it computes
 * @param servedModelName the model's name
 * @param modelType what it does: {@code embedding} with its pooling, or {@code classifier} with its labels
 * @param maxConcurrentRequests requests that wait or are computed at once
 * @param maxInputLength the longest text, in tokens
 * @param maxBatchTokens tokens that go through the model at once, padding counted
 * @param maxClientBatchSize texts in one request
 * @param autoTruncate whether a text that is too long is cut without being asked: never
 */
record InfoResponse(
        @JsonProperty("model_id") String modelId,
        @JsonProperty("model_sha") String modelSha,
        @JsonProperty("model_dtype") String modelDtype,
        @JsonProperty("served_model_name") String servedModelName,
        @JsonProperty("model_type") Map<String, Object> modelType,
        @JsonProperty("max_concurrent_requests") int maxConcurrentRequests,
        @JsonProperty("max_input_length") int maxInputLength,
        @JsonProperty("max_batch_tokens") int maxBatchTokens,
        @JsonProperty("max_client_batch_size") int maxClientBatchSize,
        @JsonProperty("auto_truncate") boolean autoTruncate) {

    static InfoResponse of(ModelInfo model, ServingProperties properties) {
        return new InfoResponse(
                model.id(),
                model.version(),
                model.precision(),
                model.id(),
                model.labels().isEmpty() ? Map.of("embedding", Map.of("pooling", "mean")) : classifier(model),
                properties.maxConcurrentRequests(),
                model.maxTokens(),
                properties.maxBatchTokens(),
                properties.maxTexts(),
                false);
    }

    private static Map<String, Object> classifier(ModelInfo model) {
        Map<Integer, String> byId = new TreeMap<>();
        Map<String, Integer> byLabel = new TreeMap<>();
        IntStream.range(0, model.labels().size()).forEach(i -> {
            byId.put(i, model.labels().get(i));
            byLabel.put(model.labels().get(i), i);
        });
        return Map.of("classifier", Map.of("id2label", byId, "label2id", byLabel));
    }
}
