package org.linformer.serving.embed;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.linformer.serving.Tokens;

/**
 * The vectors of texts, in OpenAI's form.
 *
 * @param object {@code list}
 * @param data each text's vector, in the order of the texts
 * @param model the model
 * @param usage tokens that were read
 */
record EmbeddingsResponse(String object, List<Embedding> data, String model, Usage usage) {

    /**
     * One vector.
     *
     * @param object {@code embedding}
     * @param index place of its text in the request
     * @param embedding its components, or their little-endian float32 bytes in base64
     * @param tokens how much of the text was read
     */
    record Embedding(String object, int index, Object embedding, Tokens tokens) {}

    /**
     * Tokens of all texts together.
     *
     * @param promptTokens tokens that were read
     * @param totalTokens the same, as OpenAI counts
     */
    record Usage(
            @JsonProperty("prompt_tokens") int promptTokens,
            @JsonProperty("total_tokens") int totalTokens) {}
}
