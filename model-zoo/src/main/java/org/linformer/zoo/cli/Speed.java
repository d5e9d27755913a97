package org.linformer.zoo.cli;

import ai.djl.Device;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the speed of an encoder by length. */
@Command(
        name = "speed",
        description = "Times encoders with random weights by length and k, as the paper's Table 3: on a GPU, too.")
final class Speed implements Callable<Integer> {

    @Option(names = "--device", defaultValue = "cpu", description = "cpu, gpu or gpu1. Default: cpu.")
    private String device = "";

    @Option(
            names = "--precision",
            defaultValue = "FLOAT32",
            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private SpeedTable.Precision precision = SpeedTable.Precision.FLOAT32;

    @Option(names = "--layers", defaultValue = "12", description = "Default: ${DEFAULT-VALUE}.")
    private int layers;

    @Option(names = "--width", defaultValue = "768", description = "Default: ${DEFAULT-VALUE}.")
    private int width;

    @Option(names = "--batch", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--lengths",
            split = ",",
            defaultValue = "512,1024,2048,4096,8192",
            description = "Default: ${DEFAULT-VALUE}.")
    private List<Integer> lengths = List.of();

    @Option(
            names = "--k",
            split = ",",
            defaultValue = "128,256,512,1024,2048",
            description = "Default: ${DEFAULT-VALUE}.")
    private List<Integer> k = List.of();

    @Option(
            names = "--longest-full",
            defaultValue = "8192",
            description = "Longer texts do not go through full attention. Default: ${DEFAULT-VALUE}.")
    private int longestFull;

    @Override
    public Integer call() {
        new SpeedTable(Device.fromName(device), precision, layers, width, batch)
                .print(lengths, k, longestFull, System.out);
        return 0;
    }
}
