package org.linformer.serving.tei;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.model.Input;
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
 * @param rawScores whether labels have logits in place of probabilities, or null for no
 */
record PredictRequest(
        @Nullable Sequences inputs,
        @Nullable Boolean truncate,
        @JsonProperty("truncation_direction") @Nullable String truncationDirection,
        @JsonProperty("raw_scores") @Nullable Boolean rawScores) {

    /**
     * A text, a pair of texts {@code ["a", "b"]}, or a batch of either {@code [["a"], ["b", "c"]]}.
     *
     * @param list the texts and pairs
     * @param isBatch whether the answer is a list of lists
     */
    @JsonDeserialize(using = Reader.class)
    record Sequences(List<Input> list, boolean isBatch) {}

    static final class Reader extends ValueDeserializer<Sequences> {

        @Override
        public Sequences deserialize(JsonParser parser, DeserializationContext context) {
            if (parser.currentToken() == JsonToken.VALUE_STRING) {
                return new Sequences(List.of(new Input.Text(parser.getString())), false);
            }
            requireToken(parser, context, JsonToken.START_ARRAY);
            parser.nextToken();
            if (parser.currentToken() == JsonToken.VALUE_STRING) {
                return new Sequences(List.of(sequence(parser, context)), false);
            }
            List<Input> batch = new ArrayList<>();
            while (parser.currentToken() != JsonToken.END_ARRAY) {
                requireToken(parser, context, JsonToken.START_ARRAY);
                parser.nextToken();
                batch.add(sequence(parser, context));
                parser.nextToken();
            }
            return new Sequences(batch, true);
        }

        /** One or two texts, up to the end of their array. */
        private static Input sequence(JsonParser parser, DeserializationContext context) {
            String first = text(parser, context);
            if (parser.nextToken() == JsonToken.END_ARRAY) {
                return new Input.Text(first);
            }
            String second = text(parser, context);
            parser.nextToken();
            requireToken(parser, context, JsonToken.END_ARRAY);
            return new Input.Pair(first, second);
        }

        private static String text(JsonParser parser, DeserializationContext context) {
            requireToken(parser, context, JsonToken.VALUE_STRING);
            return parser.getString();
        }

        private static void requireToken(JsonParser parser, DeserializationContext context, JsonToken expected) {
            if (parser.currentToken() != expected) {
                context.reportInputMismatch(Sequences.class, "must be a text, a pair, or a list of lists of either");
            }
        }
    }
}
