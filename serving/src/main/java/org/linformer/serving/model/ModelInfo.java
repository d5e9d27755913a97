package org.linformer.serving.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * What a model can do. OpenAI's clients read its first four fields.
 *
 * @param id its name
 * @param object {@code model}
 * @param created when it was loaded, in seconds since 1970
 * @param ownedBy {@code linformer}
 * @param version version of its weights
 * @param labels its labels, none if it does not classify
 * @param dimension length of its vectors, 0 if it does not embed
 * @param maxTokens its longest text, in tokens, special tokens counted
 * @param k what the attention of each layer projects keys and values to
 * @param precision in what it computes: float32 or bfloat16
 */
public record ModelInfo(
        String id,
        String object,
        long created,
        @JsonProperty("owned_by") String ownedBy,
        String version,
        List<String> labels,
        int dimension,
        @JsonProperty("max_tokens") int maxTokens,
        List<Integer> k,
        String precision) {}
