package org.linformer.zoo.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.spectrum.AttentionSpectrum;
import org.linformer.zoo.spectrum.SpectrumFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Draws the singular values of a model's attention maps. */
@Command(
        name = "spectrum",
        description = "Draws the singular values of a model's attention maps, as the paper's Figure 1.")
final class Spectrum implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.")
    private String model = "";

    @Parameters(index = "1", paramLabel = "TEXTS", description = "A file of JSON lines: id, text, label.")
    private Path texts = Path.of("");

    @Option(names = "--out", required = true, description = "Folder of the plots and numbers.")
    private Path out = Path.of("");

    @Option(
            names = "--tokens",
            defaultValue = "512",
            description = "Length of each text: longer ones are cut, shorter ones left out. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = "--max-texts",
            defaultValue = "100",
            description = "How many texts are used. Default: ${DEFAULT-VALUE}.")
    private int maxTexts;

    @Option(names = "--index", description = "The heat map sums up to this singular value. Default: a quarter of them.")
    private @Nullable Integer index;

    @Override
    public Integer call() throws Exception {
        if (index != null && (index < 1 || index > tokens)) {
            throw new IllegalArgumentException("index must be in [1, tokens=%d], but is %d".formatted(tokens, index));
        }
        List<String> all = Example.read(texts).stream().map(Example::text).toList();
        AttentionSpectrum spectrum = AttentionSpectrum.of(LinformerModelZoo.url(model), all, tokens, maxTexts);
        int upTo = index == null ? Math.max(1, spectrum.meanOfLayer(0).length / 4) : index;
        SpectrumFiles.write(spectrum, model, upTo, out);
        System.out.printf("%d texts of %d tokens%n", spectrum.texts(), spectrum.tokens());
        for (int layer = 0; layer < spectrum.cumulative().size(); layer++) {
            System.out.printf(
                    "layer %d: the first %d of %d singular values have %.1f%% of their sum%n",
                    layer + 1, upTo, spectrum.meanOfLayer(layer).length, 100 * spectrum.meanOfLayer(layer)[upTo - 1]);
        }
        return 0;
    }
}
