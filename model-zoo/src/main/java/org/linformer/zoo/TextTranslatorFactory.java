package org.linformer.zoo;

import ai.djl.Model;
import ai.djl.modality.Classifications;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import java.io.IOException;
import java.lang.reflect.Type;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Makes the translators of a model: {@code String} or {@link TokenizedText} to {@code Classifications} or {@code
 * float[]}.
 *
 * <p>The argument {@code truncate} says what happens to a text that is too long: {@code none}, which refuses it and is
 * the default, {@code end} or {@code start}. Another value is an {@code IllegalArgumentException}.
 *
 * <p>A model that it cannot make a translator of is closed: DJL asks while it loads, and would leave what it has loaded
 * to a garbage collection.
 */
public final class TextTranslatorFactory implements TranslatorFactory {

    private static final Set<Pair<Type, Type>> TYPES = Set.of(
            new Pair<>(String.class, Classifications.class),
            new Pair<>(String.class, float[].class),
            new Pair<>(TokenizedText.class, Classifications.class),
            new Pair<>(TokenizedText.class, float[].class));

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return TYPES;
    }

    @Override
    public <I, O> Translator<I, O> newInstance(Class<I> input, Class<O> output, Model model, Map<String, ?> arguments)
            throws TranslateException {
        try {
            return translator(input, output, model, arguments);
        } catch (TranslateException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    @SuppressWarnings("unchecked") // the two classes were compared with the types
    private static <I, O> Translator<I, O> translator(
            Class<I> input, Class<O> output, Model model, Map<String, ?> arguments) throws TranslateException {
        // not wrapped: DJL takes a TranslateException to say that another model may have such a translator
        Truncation truncation = truncation(arguments);
        try {
            ModelConfig config = ModelConfig.of(model);
            TokensTranslator<?> translator =
                    output == float[].class ? new EmbeddingTranslator(config) : new ClassificationTranslator(config);
            return (Translator<I, O>)
                    (input == TokenizedText.class
                            ? translator
                            : new TextTranslator<>(TextTokenizer.of(model), truncation, translator));
        } catch (IOException | IllegalArgumentException e) {
            throw new TranslateException(e.getMessage(), e);
        }
    }

    private static Truncation truncation(Map<String, ?> arguments) {
        Object value = arguments.get("truncate");
        if (value == null) {
            return Truncation.NONE;
        }
        for (Truncation truncation : Truncation.values()) {
            if (truncation.name().toLowerCase(Locale.ROOT).equals(value)) {
                return truncation;
            }
        }
        throw new IllegalArgumentException("truncate must be one of [none, end, start], but is " + value);
    }
}
