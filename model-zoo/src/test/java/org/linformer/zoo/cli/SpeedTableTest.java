package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.Device;
import ai.djl.engine.Engine;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.linformer.zoo.cli.SpeedTable.Precision;

class SpeedTableTest {

    @ParameterizedTest
    @EnumSource(Precision.class)
    void timesEachLengthAndK(Precision precision) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        new SpeedTable(Device.cpu(), precision, 1, 64, 1)
                .print(List.of(16, 32), List.of(8, 16), /* longestFull= */ 16, new PrintStream(out));

        List<String> lines = out.toString().lines().toList();
        assertThat(lines).hasSize(6);
        assertThat(lines.get(2)).isEqualTo("| n | full, ms | k 8, ms | k 16, ms |");
        assertThat(lines.get(4)).matches("\\| 16 \\| [\\d.]+ \\| [\\d.]+ \\([\\d.]+x\\) \\| - \\|");
        assertThat(lines.get(5)).matches("\\| 32 \\| - \\| [\\d.]+ \\| [\\d.]+ \\|");
    }

    @Test
    void refusesWhatItCannotRun() {
        Device missing = Device.of("gpu", Engine.getInstance().getGpuCount());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SpeedTable(missing, Precision.FLOAT32, 1, 64, 1))
                .withMessageStartingWith("device must be cpu or one of");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SpeedTable(Device.cpu(), Precision.FLOAT32, 1, 100, 1))
                .withMessage("width must be a multiple of 64, but is 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SpeedTable(Device.cpu(), Precision.FLOAT32, 1, 64, 0))
                .withMessage("batch must be positive, but is 0");
        if (Engine.getInstance().getGpuCount() == 0) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new SpeedTable(Device.fromName("gpu"), Precision.FLOAT32, 1, 64, 1))
                    .withMessageStartingWith("device must be cpu or one of 0 GPUs");
        }
    }
}
