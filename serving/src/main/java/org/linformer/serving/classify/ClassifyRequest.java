package org.linformer.serving.classify;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Inputs;

/**
 * Texts that want labels.
 *
 * @param text one text or several, or token ids of the model
 * @param model the model, or null for the default
 * @param truncate what happens to a text that is too long: {@code none} (it is refused), {@code end}, {@code start},
 *     {@code window} or {@code window_max}; null for {@code none}
 * @param candidateLabels labels of the caller's own, which an embedding model tells apart by likeness; null for those
 *     that the model was trained for
 * @param topK how many labels are given, or null for all
 */
record ClassifyRequest(
        @Nullable Inputs text,
        @Nullable String model,
        @Nullable String truncate,

        @JsonProperty("candidate_labels") @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable
        List<@Nullable String> candidateLabels,

        @JsonProperty("top_k") @Nullable Integer topK) {}
