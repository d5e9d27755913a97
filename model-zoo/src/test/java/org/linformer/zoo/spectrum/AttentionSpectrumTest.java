package org.linformer.zoo.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttentionSpectrumTest {

    private static final String URL = "linformer://spam-linformer";
    private static final List<String> TEXTS = List.of(
            "The patch that you sent yesterday fails to apply on the current tree. ".repeat(30),
            "short",
            "You have been selected to receive a free cash prize, so click here and order now. ".repeat(30));

    @Test
    void sumsTheSingularValuesOfAllLayersAndHeads() throws Exception {
        AttentionSpectrum spectrum = AttentionSpectrum.of("linformer://debian-topic", TEXTS, 300, 10);

        assertThat(spectrum.texts()).isEqualTo(2);
        assertThat(spectrum.cumulative())
                .hasSize(6)
                .allSatisfy(layer -> assertThat(layer).hasSize(12));
        // more tokens than k = 256 slots: the map has 256 singular values
        List<Double> share = spectrum.cumulative().get(1).get(3);
        assertThat(share).hasSize(256).isSorted();
        assertThat(share.get(0)).isGreaterThan(1.0 / 256);
        assertThat(share.get(255)).isEqualTo(1, within(1e-5));
    }

    @Test
    void hasAsManySingularValuesAsTokensWhereAttentionIsExact() throws Exception {
        AttentionSpectrum spectrum = AttentionSpectrum.of(URL, TEXTS, 100, 1);

        assertThat(spectrum.texts()).isEqualTo(1);
        assertThat(spectrum.meanOfLayer(0)).hasSize(100);
    }

    @Test
    void writesCurvesHeatMapAndNumbers(@TempDir Path folder) throws Exception {
        AttentionSpectrum spectrum = AttentionSpectrum.of(URL, TEXTS, 100, 1);

        SpectrumFiles.write(spectrum, "spam-linformer", 25, folder.resolve("plots"));

        for (String name : List.of("spectrum", "heatmap")) {
            Path plots = folder.resolve("plots");
            assertThat(ImageIO.read(plots.resolve(name + ".png").toFile()).getWidth())
                    .isEqualTo(800);
            assertThat(Files.readString(plots.resolve(name + ".svg"))).contains("<svg");
        }
        assertThat(folder.resolve("plots/spectrum.json")).content().contains("\"tokens\": 100");
    }

    @Test
    void refusesWhatItCannotMeasure(@TempDir Path folder) throws Exception {
        AttentionSpectrum spectrum = AttentionSpectrum.of(URL, TEXTS, 100, 1);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> AttentionSpectrum.of(URL, TEXTS, 4097, 1))
                .withMessage("tokens must be in [2, 4096], but is 4097");
        assertThatIllegalArgumentException()
                .as("behind k the layers are others, which have no map")
                .isThrownBy(() -> AttentionSpectrum.of("linformer://minilm-linformer-4k", TEXTS, 300, 1))
                .withMessage("tokens must be in [2, 256], but is 300");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AttentionSpectrum.of(URL, List.of("short"), 100, 1))
                .withMessage("texts must have one of at least 100 tokens, but are 1 shorter ones");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpectrumFiles.write(spectrum, "spam-linformer", 101, folder))
                .withMessage("index must be in [1, 100], but is 101");
    }
}
