package org.linformer.serving;

import java.util.ArrayList;
import java.util.List;
import org.linformer.serving.model.Input;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * What stands in a field of texts: a string, token ids, or a list of either.
 *
 * @param list the texts
 */
@JsonDeserialize(using = Inputs.Reader.class)
public record Inputs(List<Input> list) {

    public Inputs {
        list = List.copyOf(list);
    }

    static final class Reader extends ValueDeserializer<Inputs> {

        @Override
        public Inputs deserialize(JsonParser parser, DeserializationContext context) {
            if (parser.currentToken() == JsonToken.VALUE_STRING) {
                return new Inputs(List.of(new Input.Text(parser.getString())));
            }
            requireToken(parser, context, JsonToken.START_ARRAY);
            List<Input> list = new ArrayList<>();
            List<Integer> ids = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT && list.isEmpty()) {
                    ids.add(parser.getIntValue());
                } else if (parser.currentToken() == JsonToken.VALUE_STRING && ids.isEmpty()) {
                    list.add(new Input.Text(parser.getString()));
                } else if (ids.isEmpty()) {
                    list.add(tokens(parser, context));
                } else {
                    requireToken(parser, context, JsonToken.VALUE_NUMBER_INT);
                }
            }
            return new Inputs(ids.isEmpty() ? list : List.of(new Input.Tokens(ids)));
        }

        private static Input tokens(JsonParser parser, DeserializationContext context) {
            requireToken(parser, context, JsonToken.START_ARRAY);
            List<Integer> ids = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                requireToken(parser, context, JsonToken.VALUE_NUMBER_INT);
                ids.add(parser.getIntValue());
            }
            return new Input.Tokens(ids);
        }

        private static void requireToken(JsonParser parser, DeserializationContext context, JsonToken expected) {
            if (parser.currentToken() != expected) {
                context.reportInputMismatch(Inputs.class, "must be a text, token ids, or a list of either");
            }
        }
    }
}
