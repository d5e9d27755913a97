package org.linformer.serving.tei;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * Texts that want labels.
 *
 * @param inputs the texts
 * @param truncate whether a text that is too long is cut; if not, the default, it is refused
 * @param truncationDirection {@code Right}, the default, cuts the end, and {@code Left} the start
 * @param rawScores only false: the models give probabilities
 */
record PredictRequest(
        @Nullable Sequences inputs,
        @Nullable Boolean truncate,
        @JsonProperty("truncation_direction") @Nullable String truncationDirection,
        @JsonProperty("raw_scores") @Nullable Boolean rawScores) {

    /**
     * A text, a pair of texts {@code ["a", "b"]}, or a batch of either {@code [["a"], ["b", "c"]]}.
     *
     * @param list one or two texts each
     * @param isBatch whether the answer is a list of lists
     */
    @JsonDeserialize(using = Reader.class)
    record Sequences(List<List<String>> list, boolean isBatch) {}

    static final class Reader extends ValueDeserializer<Sequences> {

        @Override
        public Sequences deserialize(JsonParser parser, DeserializationContext context) {
            if (parser.currentToken() == JsonToken.VALUE_STRING) {
                return new Sequences(List.of(List.of(parser.getString())), false);
            }
            requireToken(parser, context, JsonToken.START_ARRAY);
            List<String> pair = new ArrayList<>();
            List<List<String>> batch = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == JsonToken.VALUE_STRING && batch.isEmpty()) {
                    pair.add(parser.getString());
                } else {
                    requireToken(parser, context, pair.isEmpty() ? JsonToken.START_ARRAY : JsonToken.VALUE_STRING);
                    batch.add(texts(parser, context));
                }
            }
            return pair.isEmpty() ? new Sequences(batch, true) : new Sequences(List.of(pair), false);
        }

        private static List<String> texts(JsonParser parser, DeserializationContext context) {
            List<String> texts = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                requireToken(parser, context, JsonToken.VALUE_STRING);
                texts.add(parser.getString());
            }
            return texts;
        }

        private static void requireToken(JsonParser parser, DeserializationContext context, JsonToken expected) {
            if (parser.currentToken() != expected) {
                context.reportInputMismatch(Sequences.class, "must be a text, a pair, or a list of lists of texts");
            }
        }
    }
}
