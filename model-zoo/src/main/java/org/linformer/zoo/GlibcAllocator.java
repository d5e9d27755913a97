package org.linformer.zoo;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import org.slf4j.LoggerFactory;

/**
 * Keeps freed memory in the process. By default glibc gives each large block back to the system and asks for it again,
 * and the page faults take more time than a training step's arithmetic. Without glibc this does nothing.
 */
public final class GlibcAllocator {

    private static final int M_TRIM_THRESHOLD = -1;
    private static final int M_TOP_PAD = -2;
    private static final int M_MMAP_THRESHOLD = -3;
    private static final int ONE_GIB = 1 << 30;
    private static final int BYTES_64_MIB = 64 << 20;

    private GlibcAllocator() {}

    /** Sets the thresholds, for the rest of the process. */
    public static void keepFreedMemory() {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            Function mallopt = Function.getFunction("c", "mallopt");
            mallopt.invokeInt(new Object[] {M_MMAP_THRESHOLD, ONE_GIB});
            mallopt.invokeInt(new Object[] {M_TRIM_THRESHOLD, ONE_GIB});
            mallopt.invokeInt(new Object[] {M_TOP_PAD, BYTES_64_MIB});
        } catch (UnsatisfiedLinkError e) {
            LoggerFactory.getLogger(GlibcAllocator.class).debug("no glibc, no mallopt", e);
        }
    }
}
