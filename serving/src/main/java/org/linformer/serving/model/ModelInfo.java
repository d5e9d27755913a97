package org.linformer.serving.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * What a model can do.
 *
 * @param name its name
 * @param version version of its weights
 * @param labels its labels, none if it does not classify
 * @param dimension length of its vectors, 0 if it does not embed
 * @param maxTokens its longest text, in tokens, special tokens counted
 * @param precision in what it computes: float32 or bfloat16
 */
public record ModelInfo(
        String name,
        String version,
        List<String> labels,
        int dimension,
        @JsonProperty("max_tokens") int maxTokens,
        String precision) {}
