package org.linformer.serving.embed;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts that want vectors.
 *
 * @param input one text or several
 * @param model the model, or null for the default
 * @param encodingFormat {@code float} or {@code base64}, or null for {@code float}
 * @param truncate {@code none} or {@code end}, or null for {@code none}; ours, not OpenAI's
 * @param user who asks; read by nobody, as OpenAI's clients may send it
 */
record EmbeddingsRequest(
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable
        List<@Nullable String> input,

        @Nullable String model,
        @JsonProperty("encoding_format") @Nullable String encodingFormat,
        @Nullable String truncate,
        @Nullable String user) {}
