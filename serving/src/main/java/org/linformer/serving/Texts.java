package org.linformer.serving;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.model.Input;
import org.linformer.serving.model.Truncate;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** The rules for the texts of a request, whichever endpoint they come through. */
@Component
public final class Texts {

    private final ServingProperties properties;

    Texts(ServingProperties properties) {
        this.properties = properties;
    }

    /**
     * Refuses texts that break a rule.
     *
     * @param field name of the field that holds them
     * @param texts the texts
     * @return the same
     * @throws RequestException if there are none, too many, or one is blank or too long
     */
    public List<Input> require(String field, @Nullable List<@Nullable String> texts) {
        if (texts == null || texts.isEmpty()) {
            throw new NoTextException("%s must be a text or a list of texts, but is %s".formatted(field, texts));
        }
        requireFew(field, texts.size());
        List<Input> inputs = new ArrayList<>();
        for (String text : texts) {
            String place = "%s[%d]".formatted(field, inputs.size());
            if (text == null) {
                throw new NoTextException(place + " must say something, but is null");
            }
            inputs.add(require(place, new Input.Text(text)));
        }
        return inputs;
    }

    /**
     * Refuses texts or lists of token ids that break a rule.
     *
     * @param field name of the field that holds them
     * @param texts the texts
     * @return the same
     * @throws RequestException if there are none, too many, or one is blank or too long
     */
    public List<Input> require(String field, @Nullable Inputs texts) {
        if (texts == null || texts.list().isEmpty()) {
            throw new NoTextException("%s must be a text, token ids, or a list of either, but is %s"
                    .formatted(field, texts == null ? null : List.of()));
        }
        return requireAll(field, texts.list());
    }

    /**
     * Refuses single texts, pairs or token ids that break a rule.
     *
     * @param field name of the field that holds them
     * @param texts the texts
     * @return the same
     * @throws RequestException if there are too many, or one is blank or too long
     */
    public List<Input> requireAll(String field, List<Input> texts) {
        requireFew(field, texts.size());
        for (int i = 0; i < texts.size(); i++) {
            require("%s[%d]".formatted(field, i), texts.get(i));
        }
        return texts;
    }

    private void requireFew(String field, int texts) {
        if (texts > properties.maxTexts()) {
            throw new RequestException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "%s must hold at most serving.max-texts=%d texts, but holds %d"
                            .formatted(field, properties.maxTexts(), texts));
        }
    }

    private Input require(String place, Input text) {
        if (text.isBlank()) {
            throw new NoTextException(place + " must say something, but is blank");
        }
        if (text.length() > properties.maxTextCharacters()) {
            throw new RequestException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "%s must be at most serving.max-text-characters=%d %s, but is %d"
                            .formatted(
                                    place,
                                    properties.maxTextCharacters(),
                                    text instanceof Input.Tokens ? "tokens" : "characters",
                                    text.length()));
        }
        return text;
    }

    /**
     * Reads the field {@code truncate}.
     *
     * @param truncate the field, or null for {@code none}
     * @return what happens to a text that is too long
     * @throws RequestException if it is something else
     */
    public Truncate truncate(@Nullable String truncate) {
        if (truncate == null) {
            return Truncate.NONE;
        }
        return Arrays.stream(Truncate.values())
                .filter(value -> value.toString().equals(truncate.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new RequestException(
                        HttpStatus.BAD_REQUEST,
                        "truncate must be one of %s, but is %s".formatted(List.of(Truncate.values()), truncate)));
    }
}
