package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

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

    @Test
    void tellsTheOptionsOfACommand() {
        assertThat(outputOf("--help")).contains("embed", "classify", "evaluate-search");
        assertThat(outputOf("embed", "--help")).contains("--out", "--batch-tokens", "--precision");
        assertThat(outputOf("train", "--help")).contains("--data", "--start");
    }
}
