package org.linformer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs benchmarks and writes their tables and plots into BENCHMARKS.md: the arguments are a class name and the folder. */
final class Report {

    private static final Map<String, List<String>> RATIOS = Map.of(
            "AttentionBenchmark",
            List.of("full/linformer", "linformer/floor", "headwise/linformer", "linformer/bfloat16"),
            "AttentionMemoryBenchmark",
            List.of("plain/linformer", "full/linformer"),
            "EncoderBenchmark",
            List.of("full/k128", "full/k256", "full/k512", "full/k1024", "full/k2048", "k256/bfloat16k256"),
            "EncoderMemoryBenchmark",
            List.of("full/k128", "full/k256", "full/k512", "full/k1024", "full/k2048"),
            "TrainingBenchmark",
            List.of("full/linformer", "headwise/linformer"));

    private static final String FILE = "BENCHMARKS.md";

    private Report() {}

    public static void main(String[] arguments) throws RunnerException, IOException {
        String name = arguments[0];
        Path folder = Path.of(arguments[1]);
        if (!RATIOS.containsKey(name)) {
            throw new IllegalArgumentException(
                    "bench must be one of %s, but is %s".formatted(new TreeMap<>(RATIOS).keySet(), name));
        }
        List<RunResult> results = new ArrayList<>();
        if (name.equals("EncoderBenchmark")) {
            // a run over a long text takes minutes: one, and no warm-up
            results.addAll(run(options(name).param("n", "512", "1024", "2048")));
            results.addAll(run(options(name)
                    .param("n", "4096", "8192", "16384", "32768", "65536")
                    .warmupIterations(0)
                    .measurementIterations(1)));
        } else if (name.equals("AttentionBenchmark")) {
            results.addAll(run(options(name).param("allocator", "retained")));
            results.addAll(run(options(name).param("allocator", "default").param("dModel", "768")));
        } else {
            results.addAll(run(options(name)));
        }
        write(folder.resolve(FILE), name, table(name, results));
        if (name.equals("EncoderBenchmark")) {
            plot(folder, results);
        }
    }

    private static ChainedOptionsBuilder options(String name) {
        return new OptionsBuilder()
                .include("\\.%s\\.".formatted(name))
                .jvmArgsAppend("-Dorg.slf4j.simpleLogger.defaultLogLevel=error")
                .timeout(TimeValue.hours(1));
    }

    private static Collection<RunResult> run(ChainedOptionsBuilder options) throws RunnerException {
        return new Runner(options.shouldFailOnError(true).build()).run();
    }

    private static String table(String name, List<RunResult> results) {
        StringBuilder table = new StringBuilder();
        table.append("%s; %d processors, %s, Java %s, DJL %s.%n%n"
                .formatted(
                        LocalDate.now(),
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.arch"),
                        System.getProperty("java.version"),
                        ai.djl.engine.Engine.getDjlVersion()));
        boolean isFirst = true;
        for (RunResult result : results) {
            Map<String, double[]> counters = counters(result);
            BenchmarkParams params = result.getParams();
            if (isFirst) {
                List<String> header = new ArrayList<>(params.getParamsKeys());
                header.addAll(counters.keySet());
                header.addAll(RATIOS.get(name));
                table.append(row(header))
                        .append(row(header.stream().map(each -> "---").toList()));
                isFirst = false;
            }
            List<String> cells = new ArrayList<>();
            params.getParamsKeys().forEach(key -> cells.add(params.getParam(key)));
            counters.values().forEach(values -> cells.add(cell(values)));
            for (String ratio : RATIOS.get(name)) {
                String[] parts = ratio.split("/");
                double above = median(counters.get(parts[0]));
                double below = median(counters.get(parts[1]));
                cells.add(above == 0 || below == 0 ? "-" : "%.2f".formatted(above / below));
            }
            table.append(row(cells));
        }
        return table.toString();
    }

    private static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |\n";
    }

    /** The median, and with several iterations how far the others are from it. */
    private static String cell(double[] values) {
        double median = median(values);
        if (median == 0) {
            return "-";
        }
        double spread = 0;
        for (double value : values) {
            spread = Math.max(spread, Math.abs(value - median));
        }
        String number = median < 100 ? "%.1f".formatted(median) : "%,.0f".formatted(median);
        return values.length == 1 ? number : "%s ±%.0f%%".formatted(number, 100 * spread / median);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        java.util.Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** One value an iteration, by counter, in the order of their declaration. */
    private static Map<String, double[]> counters(RunResult result) {
        Map<String, List<Double>> lists = new LinkedHashMap<>();
        result.getBenchmarkResults().forEach(fork -> {
            for (IterationResult iteration : fork.getIterationResults()) {
                iteration
                        .getSecondaryResults()
                        .forEach((counter, value) -> lists.computeIfAbsent(counter, key -> new ArrayList<>())
                                .add(value.getScore()));
            }
        });
        Map<String, double[]> counters = new LinkedHashMap<>();
        lists.forEach((counter, values) -> counters.put(
                counter, values.stream().mapToDouble(Double::doubleValue).toArray()));
        return counters;
    }

    /** Replaces what stands between the markers of a benchmark. */
    private static void write(Path file, String name, String table) throws IOException {
        String begin = "<!-- " + name + " -->\n";
        String end = "<!-- end of " + name + " -->";
        String text = Files.readString(file);
        int from = text.indexOf(begin);
        int to = text.indexOf(end);
        if (from < 0 || to < from) {
            throw new IOException("%s must have the lines %s and %s".formatted(file, begin.strip(), end));
        }
        Files.writeString(file, text.substring(0, from + begin.length()) + table + text.substring(to));
    }

    /** The paper's Figure 2: time against n, full attention and each k. */
    private static void plot(Path folder, List<RunResult> results) throws IOException {
        Map<String, Map<String, Map<Integer, Double>>> lines = new LinkedHashMap<>();
        for (RunResult result : results) {
            int n = Integer.parseInt(result.getParams().getParam("n"));
            counters(result).forEach((counter, values) -> {
                if (median(values) > 0) {
                    lines.computeIfAbsent(result.getParams().getParam("model"), key -> new LinkedHashMap<>())
                            .computeIfAbsent(counter, key -> new TreeMap<>())
                            .put(n, median(values) / 1000);
                }
            });
        }
        for (Map.Entry<String, Map<String, Map<Integer, Double>>> model : lines.entrySet()) {
            XYChart chart = new XYChartBuilder()
                    .width(900)
                    .height(550)
                    .title("Encoder %s, batch 1".formatted(model.getKey()))
                    .xAxisTitle("n (positions)")
                    .yAxisTitle("CPU seconds a text")
                    .build();
            chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
            model.getValue()
                    .forEach((name, points) ->
                            chart.addSeries(name, new ArrayList<>(points.keySet()), new ArrayList<>(points.values())));
            BitmapEncoder.saveBitmap(
                    chart,
                    folder.resolve("encoder-%s.png".formatted(model.getKey())).toString(),
                    BitmapFormat.PNG);
        }
    }

    static {
        Locale.setDefault(Locale.ROOT);
    }
}
