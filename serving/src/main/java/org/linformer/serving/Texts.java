package org.linformer.serving;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
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
    public List<String> require(String field, @Nullable List<@Nullable String> texts) {
        if (texts == null || texts.isEmpty()) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST, "%s must be a text or a list of texts, but is %s".formatted(field, texts));
        }
        if (texts.size() > properties.maxTexts()) {
            throw new RequestException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "%s must hold at most serving.max-texts=%d texts, but holds %d"
                            .formatted(field, properties.maxTexts(), texts.size()));
        }
        return texts.stream().map(text -> require(field, texts, text)).toList();
    }

    private String require(String field, List<@Nullable String> texts, @Nullable String text) {
        if (text == null || text.isBlank()) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST,
                    "%s[%d] must say something, but is %s"
                            .formatted(field, texts.indexOf(text), text == null ? "null" : "blank"));
        }
        if (text.length() > properties.maxTextCharacters()) {
            throw new RequestException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "%s[%d] must be at most serving.max-text-characters=%d characters, but is %d"
                            .formatted(field, texts.indexOf(text), properties.maxTextCharacters(), text.length()));
        }
        return text;
    }

    /**
     * Reads the field {@code truncate}.
     *
     * @param truncate the field, or null
     * @return whether a text that is too long is cut at its end
     * @throws RequestException if it is neither {@code none}, the default, nor {@code end}
     */
    public boolean truncates(@Nullable String truncate) {
        String choice = truncate == null ? "none" : truncate.toLowerCase(Locale.ROOT);
        if (!choice.equals("none") && !choice.equals("end")) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST, "truncate must be one of [none, end], but is %s".formatted(truncate));
        }
        return choice.equals("end");
    }
}
