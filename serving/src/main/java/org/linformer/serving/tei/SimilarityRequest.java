package org.linformer.serving.tei;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sentence that is compared with others.
 *
 * @param inputs the sentences
 * @param parameters what happens to one that is too long, or null
 */
record SimilarityRequest(
        @Nullable Sentences inputs, @Nullable Parameters parameters) {

    /**
     * The sentences.
     *
     * @param sourceSentence the one
     * @param sentences the others
     */
    record Sentences(
            @JsonProperty("source_sentence") @Nullable String sourceSentence,
            @Nullable List<@Nullable String> sentences) {}

    /**
     * What happens to a sentence that is too long.
     *
     * @param truncate whether it is cut; if not, the default, it is refused
     * @param truncationDirection {@code Right}, the default, cuts the end, and {@code Left} the start
     */
    record Parameters(
            @Nullable Boolean truncate,
            @JsonProperty("truncation_direction") @Nullable String truncationDirection) {}
}
