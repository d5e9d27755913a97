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
        call("mallopt", M_MMAP_THRESHOLD, ONE_GIB);
        call("mallopt", M_TRIM_THRESHOLD, ONE_GIB);
        call("mallopt", M_TOP_PAD, BYTES_64_MIB);
    }

    /** Gives back, once, what is free now: loading a model takes several times its weights. */
    public static void giveBackFreedMemory() {
        call("malloc_trim", 0);
    }

    private static void call(String name, Object... arguments) {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            Function.getFunction("c", name).invokeInt(arguments);
        } catch (LinkageError e) {
            // JNA tells once that its own library cannot be loaded, and from then on that its class is not there
            LoggerFactory.getLogger(GlibcAllocator.class).debug("cannot call {} of glibc", name, e);
        }
    }
}
