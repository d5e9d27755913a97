package org.linformer.zoo.data;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.linformer.zoo.Sha256;

/** Writes what {@code npm pack} leaves in a folder. */
final class TestArchive {

    /** Bytes of a block of a tar file. */
    private static final int BLOCK = 512;

    private TestArchive() {}

    static NpmPackage write(Path folder, Map<String, String> entries) throws IOException {
        Path archive = folder.resolve("bakers-bread-1.0.0.tgz");
        try (OutputStream tar = new GZIPOutputStream(Files.newOutputStream(archive))) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                byte[] content = entry.getValue().getBytes(StandardCharsets.UTF_8);
                tar.write(header(entry.getKey(), content.length));
                tar.write(Arrays.copyOf(content, (content.length + BLOCK - 1) / BLOCK * BLOCK));
            }
            tar.write(new byte[2 * BLOCK]);
        }
        return new NpmPackage("@bakers/bread", "1.0.0", Sha256.of(archive));
    }

    /** The writer of commons-compress wants a library that DJL leaves out. */
    private static byte[] header(String name, int size) {
        ByteBuffer header = ByteBuffer.allocate(BLOCK);
        header.put(0, name.getBytes(StandardCharsets.US_ASCII));
        header.put(124, "%011o".formatted(size).getBytes(StandardCharsets.US_ASCII));
        header.put(257, "ustar\00000".getBytes(StandardCharsets.US_ASCII));
        return header.array();
    }
}
