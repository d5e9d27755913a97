package org.linformer.serving.tei;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Inputs;

/**
 * Texts whose tokens want vectors.
 *
 * @param inputs one text or several, or token ids
 * @param truncate whether a text that is too long is cut; if not, the default, it is refused
 * @param truncationDirection {@code Right}, the default, cuts the end, and {@code Left} the start
 * @param promptName only null: the models have no prompts
 */
record EmbedAllRequest(
        @Nullable Inputs inputs,
        @Nullable Boolean truncate,
        @JsonProperty("truncation_direction") @Nullable String truncationDirection,
        @JsonProperty("prompt_name") @Nullable String promptName) {}
