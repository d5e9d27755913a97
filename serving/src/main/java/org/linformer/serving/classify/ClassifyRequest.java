package org.linformer.serving.classify;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts that want labels.
 *
 * @param text one text or several
 * @param model the model, or null for the default
 * @param truncate {@code none} or {@code end}, or null for {@code none}
 * @param topK how many labels are given, or null for all
 */
record ClassifyRequest(
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable
        List<@Nullable String> text,

        @Nullable String model,
        @Nullable String truncate,
        @JsonProperty("top_k") @Nullable Integer topK) {}
