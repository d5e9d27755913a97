package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.json.StrictJson;
import org.linformer.zoo.train.Evaluation;

class EvaluateTest {

    private static final String SPAM =
            "Congratulations! You have been selected to receive a FREE cash prize. Click here now. ";
    private static final String HAM = "The patch compiles here, but the second test of the parser still fails for me. ";

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private Path texts;

    @BeforeEach
    void listen() throws Exception {
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(System.out);
        texts = Files.writeString(
                folder.resolve("texts.jsonl"),
                line("1", SPAM, "spam")
                        + line("2", HAM, "ham")
                        + line("3", SPAM, "ham")
                        + line("4", SPAM.repeat(10), "spam")
                        + line("5", HAM.repeat(5) + SPAM.repeat(20), "spam"));
    }

    @AfterEach
    void stopListening() {
        System.setOut(out);
        System.setErr(err);
    }

    private static String line(String id, String text, String label) {
        return "{\"id\": \"%s\", \"text\": \"%s\", \"label\": \"%s\"}\n".formatted(id, text, label);
    }

    private Evaluation evaluate(String... options) throws Exception {
        said.reset();
        String[] arguments = new String[options.length + 3];
        arguments[0] = "evaluate";
        arguments[1] = "spam-linformer";
        arguments[2] = texts.toString();
        System.arraycopy(options, 0, arguments, 3, options.length);
        assertThat(Main.run(arguments))
                .as(said.toString(StandardCharsets.UTF_8))
                .isZero();
        String json = said.toString(StandardCharsets.UTF_8);
        return StrictJson.read(json.substring(json.indexOf('{')), Evaluation.class);
    }

    @Test
    void measuresAllTextsOrTheLongOnesOrTheirBeginnings() throws Exception {
        Evaluation all = evaluate();
        assertThat(all.texts()).isEqualTo(5);
        assertThat(all.accuracy()).as("the third has the wrong label").isEqualTo(4 / 5.0);
        assertThat(evaluate("--more-than", "100")).satisfies(longOnes -> {
            assertThat(longOnes.texts()).isEqualTo(2);
            assertThat(longOnes.accuracy()).isEqualTo(1);
        });
        assertThat(evaluate("--more-than", "250", "--max-tokens", "64").accuracy())
                .as("the fifth begins as ham")
                .isZero();
    }

    @Test
    void refusesWhatCannotBeMeasured() {
        assertThat(Main.run("evaluate", "spam-linformer", texts.toString(), "--more-than", "4000"))
                .isEqualTo(1);
        assertThat(said.toString(StandardCharsets.UTF_8))
                .contains(texts + " must hold a text of more than 4000 tokens, but holds none");
        assertThat(Main.run("evaluate", "spam-linformer", texts.toString(), "--max-tokens", "1"))
                .isEqualTo(1);
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("--max-tokens must be at least 2, but is 1");
    }
}
