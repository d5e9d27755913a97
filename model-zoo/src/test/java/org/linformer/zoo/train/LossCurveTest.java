package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossCurveTest {

    @Test
    void writesWhatItReadsWhereNumbersHaveAComma(@TempDir Path folder) throws Exception {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            LossCurve curve = new LossCurve(folder, 0);
            curve.add(1, 0.75f);
            curve.add(2, 0.5f);
            curve.draw();
        } finally {
            Locale.setDefault(before);
        }

        assertThat(folder.resolve("losses.csv")).hasContent("1,0.75000\n2,0.50000\n");
        assertThat(folder.resolve("loss.png")).isNotEmptyFile();
    }
}
