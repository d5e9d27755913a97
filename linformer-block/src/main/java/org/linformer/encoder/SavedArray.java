package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * An array in a safetensors file (https://github.com/huggingface/safetensors), as the header tells of it. DJL's own
 * reader keeps the whole file in the heap and a copy of it beside, and ends the process at an array in bfloat16.
 *
 * @param name its name
 * @param type its type
 * @param shape its shape
 * @param begin where it begins behind the header
 * @param bytes how long it is
 */
record SavedArray(String name, DataType type, Shape shape, long begin, int bytes) {

    private static final String NO_SAFETENSORS = "weights must be a safetensors file, but are not: ";

    /** Far more than the names and shapes of a model take. */
    private static final int MAX_HEADER_BYTES = 100_000_000;

    /**
     * Reads the header: 8 bytes that tell its length, and JSON.
     *
     * @return the arrays, in the order in which they lie behind it
     */
    static List<SavedArray> list(InputStream in) throws IOException {
        byte[] length = in.readNBytes(Long.BYTES);
        long bytes = length.length < Long.BYTES
                ? -1
                : ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (bytes < 0 || bytes > MAX_HEADER_BYTES) {
            throw new IOException(NO_SAFETENSORS
                    + "their header must have a length in [0, %d], but has %d".formatted(MAX_HEADER_BYTES, bytes));
        }
        String json = new String(in.readNBytes((int) bytes), StandardCharsets.UTF_8);
        try {
            return arrays(JsonParser.parseString(json).getAsJsonObject());
        } catch (IllegalArgumentException | IllegalStateException | JsonParseException e) {
            throw new IOException(NO_SAFETENSORS + e.getMessage(), e);
        }
    }

    private static List<SavedArray> arrays(JsonObject header) {
        header.remove("__metadata__");
        List<SavedArray> arrays = new ArrayList<>();
        header.asMap().forEach((name, array) -> {
            try {
                arrays.add(of(name, array.getAsJsonObject()));
            } catch (ArithmeticException
                    | IllegalStateException
                    | UnsupportedOperationException
                    | NumberFormatException e) {
                throw new IllegalArgumentException(
                        "%s must have dtype, shape and data_offsets, but has %s".formatted(name, array), e);
            }
        });
        arrays.sort(Comparator.comparingLong(SavedArray::begin).thenComparingInt(SavedArray::bytes));
        long end = 0;
        for (SavedArray array : arrays) {
            if (array.begin() != end) {
                throw new IllegalArgumentException(
                        "%s must begin at %d, but begins at %d".formatted(array.name(), end, array.begin()));
            }
            end += array.bytes();
        }
        return arrays;
    }

    private static SavedArray of(String name, JsonObject array) {
        String dtype = required(name, array, "dtype").getAsString();
        if (dtype.equals("BF16")) {
            // which DJL has no name for: made into an array it would end the process
            throw new IllegalArgumentException("%s must be of a type that DJL has, but is BF16".formatted(name));
        }
        DataType type = DataType.fromSafetensors(dtype);
        long[] dimensions = longs(name, array, "shape");
        long[] offsets = longs(name, array, "data_offsets");
        long bytes = Arrays.stream(dimensions).reduce(type.getNumOfBytes(), Math::multiplyExact);
        Shape shape = new Shape(dimensions);
        if (offsets.length != 2 || offsets[1] - offsets[0] != bytes || bytes < 0 || bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("%s must have the %d bytes of %s, and at most %d, but has the offsets %s"
                    .formatted(name, bytes, shape, Integer.MAX_VALUE, Arrays.toString(offsets)));
        }
        return new SavedArray(name, type, shape, offsets[0], (int) bytes);
    }

    private static long[] longs(String name, JsonObject array, String key) {
        return required(name, array, key).getAsJsonArray().asList().stream()
                .mapToLong(JsonElement::getAsLong)
                .toArray();
    }

    private static JsonElement required(String name, JsonObject array, String key) {
        JsonElement value = array.get(key);
        if (value == null) {
            throw new IllegalArgumentException("%s must have %s, but has none".formatted(name, key));
        }
        return value;
    }

    /** Reads the array, which the stream has come to, into a buffer, which it then is a view of. */
    NDArray read(NDManager manager, InputStream in, ByteBuffer buffer) throws IOException {
        buffer.clear().limit(bytes);
        ReadableByteChannel channel = Channels.newChannel(in);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException(NO_SAFETENSORS + "they end within " + name);
            }
        }
        return manager.create(buffer.flip(), shape, type);
    }
}
