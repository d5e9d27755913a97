package org.linformer.zoo.spectrum;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.linformer.json.StrictJson;

/** Writes a spectrum: numbers, the curves of the layers, and the heat map of layers and heads. */
public final class SpectrumFiles {

    private SpectrumFiles() {}

    /**
     * Writes {@code spectrum.json}, and {@code spectrum} and {@code heatmap} as PNG and SVG.
     *
     * @param spectrum the spectrum
     * @param model the model's name, for the titles
     * @param index the singular value up to which the heat map sums, from 1
     * @param folder where to, made if it is not there
     * @throws IOException if a file cannot be written
     * @throws IllegalArgumentException if the maps have no such singular value
     */
    public static void write(AttentionSpectrum spectrum, String model, int index, Path folder) throws IOException {
        int number = spectrum.meanOfLayer(0).length;
        if (index < 1 || index > number) {
            throw new IllegalArgumentException("index must be in [1, %d], but is %d".formatted(number, index));
        }
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("spectrum.json"), StrictJson.write(spectrum));
        save(curves(spectrum, model), folder.resolve("spectrum"));
        save(heatMap(spectrum, model, index), folder.resolve("heatmap"));
    }

    private static void save(Chart<?, ?> chart, Path file) throws IOException {
        BitmapEncoder.saveBitmap(chart, file.toString(), BitmapFormat.PNG);
        VectorGraphicsEncoder.saveVectorGraphic(chart, file.toString(), VectorGraphicsFormat.SVG);
    }

    private static XYChart curves(AttentionSpectrum spectrum, String model) {
        XYChart chart = new XYChartBuilder()
                .width(800)
                .height(500)
                .title("%s: singular values of the attention map, %d texts of %d tokens"
                        .formatted(model, spectrum.texts(), spectrum.tokens()))
                .xAxisTitle("index of the singular value, largest first")
                .yAxisTitle("share of the sum up to it")
                .build();
        chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0);
        for (int layer = 0; layer < spectrum.cumulative().size(); layer++) {
            double[] share = spectrum.meanOfLayer(layer);
            double[] indexes =
                    IntStream.rangeClosed(1, share.length).asDoubleStream().toArray();
            chart.addSeries("layer " + (layer + 1), indexes, share).setMarker(SeriesMarkers.NONE);
        }
        return chart;
    }

    private static HeatMapChart heatMap(AttentionSpectrum spectrum, String model, int index) {
        HeatMapChart chart = new HeatMapChartBuilder()
                .width(800)
                .height(500)
                .title("%s: share of the first %d singular values, %%".formatted(model, index))
                .xAxisTitle("head")
                .yAxisTitle("layer")
                .build();
        List<List<List<Double>>> shares = spectrum.cumulative();
        int heads = shares.get(0).size();
        int[] x = IntStream.rangeClosed(1, heads).toArray();
        int[] y = IntStream.rangeClosed(1, shares.size()).toArray();
        int[][] cells = new int[heads][shares.size()];
        for (int head = 0; head < heads; head++) {
            for (int layer = 0; layer < shares.size(); layer++) {
                cells[head][layer] =
                        (int) Math.round(100 * shares.get(layer).get(head).get(index - 1));
            }
        }
        chart.addSeries("share, %", x, y, cells);
        chart.getStyler().setShowValue(true).setMin(0).setMax(100).setRangeColors(new Color[] {
            Color.WHITE, new Color(0x6BAED6)
        });
        return chart;
    }
}
