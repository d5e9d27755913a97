package org.linformer.serving.oip;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answers.
 *
 * @param modelName the model
 * @param modelVersion version of its weights
 * @param id of the request, if it had one
 * @param outputs the tensors
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record InferResponse(
        @JsonProperty("model_name") String modelName,
        @JsonProperty("model_version") String modelVersion,
        @Nullable String id,
        List<Tensor> outputs) {}
