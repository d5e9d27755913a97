package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.linformer.zoo.LinformerModelZoo;

class LoadTest {

    private static final String MODEL = "minilm-linformer-4k";
    private static final int MEBIBYTE = 1 << 20;

    /** In a process of its own: memory that other tests freed would be taken first. */
    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "left out: only Linux tells the resident memory in /proc")
    void takesNoMoreThanTwiceTheWeights() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/proc/self/clear_refs")), "left out: the peak of memory cannot be reset");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms256m",
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:+AlwaysPreTouch", // so that the heap does not grow meanwhile
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "load",
                        MODEL,
                        "--times=3")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();

        String table = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).isZero();
        List<String> lines = table.lines().filter(line -> line.startsWith("|")).toList();
        assertThat(lines).hasSize(5);
        assertThat(lines.get(2)).startsWith("| first, with the engine's start | ");
        Path weights = LinformerModelZoo.folder(MODEL).resolve("model.safetensors");
        long float32 = 2 * Files.size(weights) / MEBIBYTE; // it holds float16
        assertThat(lines.subList(3, 5)).allSatisfy(line -> {
            assertThat(line).matches("\\| one more \\| [\\d.]+ \\| [\\d.]+ \\| \\d+ \\| \\d+ \\|");
            assertThat(Long.parseLong(line.split("\\|")[5].strip())).isBetween(float32, 2 * float32);
        });
    }
}
