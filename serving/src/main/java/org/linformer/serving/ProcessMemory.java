package org.linformer.serving;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.stereotype.Component;

/**
 * Memory of the whole process, and of the engine in it, which the JVM's own meters do not see. Only Linux tells;
 * elsewhere it is NaN.
 */
@Component
final class ProcessMemory implements MeterBinder {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final double KIBIBYTE = 1024;

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("linformer.memory.resident", () -> status("VmRSS:"))
                .baseUnit("bytes")
                .description("Memory that the process holds: heap, direct buffers, the engine's tensors, mapped files")
                .register(registry);
        Gauge.builder("linformer.memory.native", () -> status("RssAnon:") - ofJava())
                .baseUnit("bytes")
                .description(
                        "What of it is neither Java's nor a mapped file: the engine's weights and tensors. Too little by"
                                + " what of the heap was never used")
                .register(registry);
    }

    private static double status(String field) {
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith(field))
                    .mapToDouble(line -> KIBIBYTE * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /** Heap, classes, compiled code and direct buffers. */
    private static long ofJava() {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return memory.getHeapMemoryUsage().getCommitted()
                + memory.getNonHeapMemoryUsage().getCommitted()
                + direct;
    }
}
