package org.linformer.zoo.cli;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.Truncation;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code embed} and {@code classify} are told. */
final class AnswerTexts {

    /** Far more than other texts in the batch change in a number; what changes less in the last line is not noticed. */
    private static final double FLOAT32_TOLERANCE = 1e-3;

    /** The same where they are computed in bfloat16. */
    private static final double BFLOAT16_TOLERANCE = 2e-2;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.")
    private String model = "";

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "INPUT",
            description = "Text files, files of JSON lines (.jsonl), or folders of both.")
    private List<Path> inputs = List.of();

    @Option(names = "--out", required = true, description = "The file of JSON lines that is written, or gone on with.")
    private Path out = Path.of("");

    @Option(
            names = "--field",
            defaultValue = "text",
            description = "Key of the text in a JSON line. Default: ${DEFAULT-VALUE}.")
    private String field = "";

    @Option(
            names = "--truncate",
            defaultValue = "none",
            description =
                    "A text that is too long is refused (none), or cut at its end or start. Default: ${DEFAULT-VALUE}.")
    private Truncation truncation = Truncation.NONE;

    @Option(
            names = "--batch-tokens",
            defaultValue = "" + TextModel.BATCH_TOKENS,
            description = "Tokens that are computed at once, padding counted. Default: ${DEFAULT-VALUE}.")
    private int batchTokens;

    @Option(
            names = "--precision",
            defaultValue = TextModel.FLOAT32,
            description =
                    "float32, or bfloat16, which is taken where the device is faster with it. Default: ${DEFAULT-VALUE}.")
    private String precision = "";

    /**
     * Answers the texts.
     *
     * @param answer what the model is asked for
     * @param put puts an answer into its line
     * @throws IOException if a file cannot be read or written
     * @throws ModelNotFoundException if there is no such model, or it does not give such answers
     * @throws MalformedModelException if its weights are not its own
     * @throws IllegalArgumentException if a text or an option is refused; a text's message names file, line and reason
     */
    <A> void write(Class<A> answer, BiConsumer<JsonObject, A> put)
            throws IOException, ModelNotFoundException, MalformedModelException {
        if (batchTokens < 1) {
            throw new IllegalArgumentException("--batch-tokens must be positive, but is " + batchTokens);
        }
        for (Path input : inputs) {
            if (out.toAbsolutePath()
                    .normalize()
                    .startsWith(input.toAbsolutePath().normalize())) {
                throw new IllegalArgumentException("--out must not be among the inputs, but %s is".formatted(out));
            }
        }
        try (TextModel<A> loaded = new TextModel<>(model, answer, precision);
                AnswerFile file = new AnswerFile(
                        out, precision.equals(TextModel.FLOAT32) ? FLOAT32_TOLERANCE : BFLOAT16_TOLERANCE)) {
            new Answering<>(loaded, put, new InputTexts(inputs, field), truncation, batchTokens, file).run();
        }
    }
}
