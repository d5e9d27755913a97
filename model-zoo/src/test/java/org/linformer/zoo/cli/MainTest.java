package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {

    private static String outputOf(String... arguments) {
        PrintStream before = System.out;
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run(arguments)).isZero();
        } finally {
            System.setOut(before);
        }
        return output.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tellsItsVersion() {
        assertThat(outputOf("--version")).isEqualToIgnoringNewLines("linformer unpackaged");
    }

    @ParameterizedTest
    @CsvSource({
        "fetch-data, NAME FOLDER",
        "prepare, TEXTS FOLDER",
        "import, NAME FILE",
        "train, RECIPE",
        "evaluate, MODEL TEXTS",
        "evaluate-search, MODEL PAIRS",
        "perplexity, MODEL...",
        "embed, MODEL INPUT...",
        "classify, MODEL INPUT...",
        "spectrum, MODEL TEXTS",
        "load, MODEL"
    })
    void takesWhatACommandNeedsInTheOrderOfItsHelp(String command, String parameters) {
        String usage = outputOf(command, "--help").split("\n\\S", 2)[0].replaceAll("\\s+", " ");

        assertThat(usage.strip()).endsWith(parameters);
    }

    @Test
    void tellsTheOptionsOfACommand() {
        assertThat(outputOf("--help")).contains("embed", "classify", "evaluate-search");
        assertThat(outputOf("embed", "--help")).contains("--out", "--batch-tokens", "--precision");
        assertThat(outputOf("train", "--help")).contains("--data", "--start");
    }
}
