package org.linformer.serving.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.serving.ServingApplication;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class AccessStartTests {

    @ParameterizedTest
    @ValueSource(strings = {"--server.address=0.0.0.0", "--server.address=", "--management.server.port=0"})
    void refusesToBeOpenToOtherMachinesWithoutAWord(String setting, CapturedOutput output) {
        assertThatException().isThrownBy(() -> start(setting));

        assertThat(output)
                .contains("APPLICATION FAILED TO START", setting.replaceFirst("--(.*)=.*", "'$1'"))
                .contains("serving.api-keys-file (SERVING_API_KEYS_FILE)", "serving.open=true (SERVING_OPEN=true)")
                .doesNotContain("\tat ");
    }

    @Test
    void refusesKeysThatItCannotRead(@TempDir Path folder, CapturedOutput output) throws Exception {
        Path file = Files.writeString(folder.resolve("keys.txt"), "mail my-plain-key");

        assertThatException().isThrownBy(() -> start("--serving.api-keys-file=" + file));

        assertThat(output)
                .contains("APPLICATION FAILED TO START", "'serving.api-keys-file'", file.toString())
                .contains("line 1 must be a name and the SHA-256 of a key in 64 hexadecimal digits")
                .doesNotContain("my-plain-key", "\tat ");
    }

    @Test
    void refusesARateWithoutKeys(CapturedOutput output) {
        assertThatException().isThrownBy(() -> start("--serving.requests-per-minute=60"));

        assertThat(output)
                .contains(
                        "Invalid value '60'",
                        "'serving.requests-per-minute'",
                        "must be 0 where serving.api-keys-file names no keys")
                .doesNotContain("\tat ");
    }

    private static void start(String setting) {
        List<String> settings = new ArrayList<>(List.of("--server.port=0", "--serving.models=spam-linformer", setting));
        SpringApplication.run(ServingApplication.class, settings.toArray(String[]::new))
                .close();
    }
}
