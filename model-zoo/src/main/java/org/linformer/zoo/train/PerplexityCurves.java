package org.linformer.zoo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.linformer.json.StrictJson;

/** The validation perplexities of several pretrainings in one picture and one table, as the paper's Figure 3. */
public final class PerplexityCurves {

    private PerplexityCurves() {}

    /**
     * Writes {@code perplexity.png} and {@code perplexity.md}.
     *
     * @param models folders of pretrained models
     * @param out folder of the two
     * @throws IOException if a file cannot be read or written
     * @throws IllegalArgumentException if a model was not pretrained, or was checked at other steps or on other tokens
     *     than the first
     */
    public static void write(List<Path> models, Path out) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(540)
                .xAxisTitle("step")
                .yAxisTitle("validation perplexity")
                .build();
        List<Integer> steps = List.of();
        double unigramPerplexity = 0;
        StringBuilder lines = new StringBuilder();
        for (Path model : models) {
            if (!(Recipe.read(model.resolve(Recipe.FILE)) instanceof MaskedTokenRecipe recipe)) {
                throw new IllegalArgumentException(
                        "%s must be a MaskedTokenRecipe, but is not".formatted(model.resolve(Recipe.FILE)));
            }
            MaskedTokenMetrics metrics = StrictJson.read(model.resolve(Recipe.METRICS), MaskedTokenMetrics.class);
            List<MaskedTokenMetrics.Perplexity> curve = metrics.perplexities();
            List<Integer> own =
                    curve.stream().map(MaskedTokenMetrics.Perplexity::step).toList();
            if (!steps.isEmpty() && !own.equals(steps)) {
                throw new IllegalArgumentException(
                        "%s must be checked at the steps of the first model, %s, but is at %s"
                                .formatted(model, steps, own));
            }
            if (!steps.isEmpty() && metrics.unigramPerplexity() != unigramPerplexity) {
                throw new IllegalArgumentException(
                        "%s must be measured on the tokens of the first model, of the unigram perplexity %s, but is on others, of %s"
                                .formatted(model, unigramPerplexity, metrics.unigramPerplexity()));
            }
            steps = own;
            unigramPerplexity = metrics.unigramPerplexity();
            chart.addSeries(
                            recipe.name(),
                            steps.stream().mapToDouble(step -> step).toArray(),
                            curve.stream()
                                    .mapToDouble(MaskedTokenMetrics.Perplexity::value)
                                    .toArray())
                    .setMarker(SeriesMarkers.NONE);
            lines.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %,.0f |%n",
                    recipe.name(),
                    curve.stream()
                            .map(each -> String.format(Locale.ROOT, "%.2f", each.value()))
                            .collect(Collectors.joining(" | ")),
                    metrics.tokensPerSecond()));
        }
        String header = String.format(
                Locale.ROOT,
                "| validation perplexity after step | %s | tokens/s |%n",
                steps.stream()
                        .map(step -> String.format(Locale.ROOT, "%,d", step))
                        .collect(Collectors.joining(" | ")));
        String rule = "| --- ".repeat(steps.size() + 2) + "|\n";
        Files.createDirectories(out);
        BitmapEncoder.saveBitmap(chart, out.resolve("perplexity").toString(), BitmapEncoder.BitmapFormat.PNG);
        Files.writeString(out.resolve("perplexity.md"), header + rule + lines);
    }
}
