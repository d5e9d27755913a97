package org.linformer.serving.tei;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts whose tokens are asked for.
 *
 * @param inputs one text or several
 * @param addSpecialTokens whether the special tokens around a text are told, or null for yes
 * @param promptName only null: the models have no prompts
 */
record TokenizeRequest(
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable
        List<@Nullable String> inputs,

        @JsonProperty("add_special_tokens") @Nullable Boolean addSpecialTokens,
        @JsonProperty("prompt_name") @Nullable String promptName) {}
