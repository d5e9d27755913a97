package org.linformer.serving.embed;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Inputs;

/**
 * Texts that want vectors, in OpenAI's form.
 *
 * @param input one text or several, or token ids of the model
 * @param model the model, or null for the default
 * @param encodingFormat {@code float} or {@code base64}, or null for {@code float}
 * @param dimensions length of the vectors: only that of the model
 * @param truncate what happens to a text that is too long: {@code none} (it is refused), {@code end}, {@code start},
 *     {@code window} or {@code window_max}; null for {@code none}; ours, not OpenAI's
 * @param user who asks; read by nobody, as OpenAI's clients may send it
 */
record EmbeddingsRequest(
        @Nullable Inputs input,
        @Nullable String model,
        @JsonProperty("encoding_format") @Nullable String encodingFormat,
        @Nullable Integer dimensions,
        @Nullable String truncate,
        @Nullable String user) {}
