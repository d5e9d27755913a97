package org.linformer.serving.tei;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Inputs;

/**
 * Token ids whose text is asked for.
 *
 * @param ids of one text or of several
 * @param skipSpecialTokens whether special tokens are left out, or null for yes
 */
record DecodeRequest(
        @Nullable Inputs ids,
        @JsonProperty("skip_special_tokens") @Nullable Boolean skipSpecialTokens) {}
