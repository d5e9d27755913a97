package org.linformer.zoo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The loss of each step of a training, as {@code losses.csv} and as a picture, {@code loss.png}. */
final class LossCurve {

    private static final String FILE = "losses.csv";
    private static final int POINTS = 200;

    private final Path folder;

    /**
     * Goes on with the curve in a folder.
     *
     * @param step the step that the training stands at: what stands behind it is forgotten
     */
    LossCurve(Path folder, int step) throws IOException {
        this.folder = folder;
        Path file = folder.resolve(FILE);
        List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
        Files.write(file, lines.subList(0, Math.min(lines.size(), step)));
    }

    void add(int step, float loss) throws IOException {
        Files.writeString(
                folder.resolve(FILE), String.format(Locale.ROOT, "%d,%.5f%n", step, loss), StandardOpenOption.APPEND);
    }

    /** Draws the mean of neighbouring steps, so many that the line can be followed. */
    void draw() throws IOException {
        double[] losses = Files.readAllLines(folder.resolve(FILE)).stream()
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(',') + 1)))
                .toArray();
        int each = (losses.length + POINTS - 1) / POINTS;
        int[] from = IntStream.iterate(0, i -> i < losses.length, i -> i + each).toArray();
        double[] steps = IntStream.of(from)
                .mapToDouble(i -> Math.min(i + each, losses.length))
                .toArray();
        double[] means = IntStream.of(from)
                .mapToDouble(i -> IntStream.range(i, Math.min(i + each, losses.length))
                        .mapToDouble(step -> losses[step])
                        .average()
                        .orElseThrow())
                .toArray();
        XYChart chart = new XYChartBuilder()
                .width(800)
                .height(480)
                .xAxisTitle("step")
                .yAxisTitle(each == 1 ? "loss" : "loss, mean of %d steps".formatted(each))
                .build();
        chart.getStyler().setLegendVisible(false);
        chart.addSeries("loss", steps, means).setMarker(SeriesMarkers.NONE);
        BitmapEncoder.saveBitmap(chart, folder.resolve("loss").toString(), BitmapEncoder.BitmapFormat.PNG);
    }
}
