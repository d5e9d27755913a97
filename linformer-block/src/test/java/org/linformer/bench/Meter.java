package org.linformer.bench;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the benchmarks measure: the CPU time and the peak memory of this process. Wall time on a shared machine tells of
 * its neighbours.
 */
final class Meter {

    private static final int M_TRIM_THRESHOLD = -1;
    private static final int M_MMAP_THRESHOLD = -3;

    private Meter() {}

    /** CPU time of one of several runs in a row, in milliseconds. */
    static double cpuMillis(int runs, Runnable run) {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long start = system.getProcessCpuTime();
        for (int i = 0; i < runs; i++) {
            run.run();
        }
        return (system.getProcessCpuTime() - start) / 1e6 / runs;
    }

    /** Resident memory that a run needs beyond what is there before it, in MiB; Linux only. */
    static double peakMebibytes(Runnable run) {
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5"); // the peak starts again at what is resident now
            long before = kibibytes("VmRSS:");
            run.run();
            return (kibibytes("VmHWM:") - before) / 1024.0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long kibibytes(String key) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(key)) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/self/status must have the key " + key);
    }

    /**
     * Has glibc keep freed memory in the process ("retained", as the product does), or give every large block back
     * ("returned", so that the peak counts all of them).
     */
    static void setAllocator(String allocator) {
        if (Platform.isLinux() && !allocator.equals("default")) {
            Function mallopt = Function.getFunction("c", "mallopt");
            boolean isRetained = allocator.equals("retained");
            mallopt.invokeInt(new Object[] {M_MMAP_THRESHOLD, isRetained ? 1 << 30 : 1 << 16});
            mallopt.invokeInt(new Object[] {M_TRIM_THRESHOLD, isRetained ? 1 << 30 : 1 << 16});
        }
    }
}
