package org.linformer.serving;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.stereotype.Component;

/**
 * Memory of the whole process, the engine's included, which the JVM's own meters do not see. Only Linux tells; elsewhere it
 * is NaN.
 */
@Component
final class ProcessMemory implements MeterBinder {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final double KIBIBYTE = 1024;

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("linformer.memory.resident", ProcessMemory::resident)
                .baseUnit("bytes")
                .description("Memory that the process holds: heap, direct buffers and the engine's tensors")
                .register(registry);
    }

    private static double resident() {
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToDouble(line -> KIBIBYTE * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException e) {
            return Double.NaN;
        }
    }
}
