package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.linformer.attention.Packed;
import org.linformer.attention.TorchScript;

/**
 * The weights of a block as a safetensors file, by name: a file with other names or shapes is refused.
 *
 * <p>A name is the path of child and parameter names, with {@code weight} and {@code bias} also for layer
 * normalisation.
 */
public final class Weights {

    private Weights() {}

    /**
     * Lists the parameters of a block by their names in a file.
     *
     * @param block the block
     * @return its parameters, in the order of the block
     */
    public static Map<String, Parameter> of(Block block) {
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        collect("", block, parameters);
        return parameters;
    }

    private static void collect(String path, Block block, Map<String, Parameter> parameters) {
        for (Parameter parameter : block.getDirectParameters().values()) {
            String name = parameter.getName();
            parameters.put(path + (name.equals("gamma") ? "weight" : name.equals("beta") ? "bias" : name), parameter);
        }
        for (Pair<String, Block> child : block.getChildren()) {
            // DJL puts a two-digit number before the name of a child
            String name = child.getKey().substring(2);
            collect(name.isEmpty() ? path : path + name + ".", child.getValue(), parameters);
        }
    }

    /**
     * Writes the weights.
     *
     * @param block the block, initialised
     * @param file where to; a file that stands there is replaced once the new one is whole
     * @param type type on disk: float32, or float16 for half the size
     * @throws IOException if the file cannot be written
     * @throws IllegalStateException if the block computes in bfloat16 or is packed
     */
    public static void save(Block block, Path file, DataType type) throws IOException {
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        of(block).forEach((name, parameter) -> arrays.put(name, parameter.getArray()));
        save(arrays, file, type);
    }

    /**
     * Writes arrays by name.
     *
     * @param arrays the arrays
     * @param file where to; a file that stands there is replaced once the new one is whole
     * @param type type on disk: float32, or float16 for half the size
     * @throws IOException if the file cannot be written
     * @throws IllegalStateException if one of them is bfloat16 or packed
     */
    public static void save(Map<String, NDArray> arrays, Path file, DataType type) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".tmp");
        arrays.forEach((name, array) -> {
            if (array.getDataType() == DataType.UNKNOWN) {
                throw new IllegalStateException(
                        "%s must be of a type that DJL can write, but is bfloat16".formatted(name));
            }
            if (TorchScript.isAvailable() && Packed.isPacked(array)) {
                throw new IllegalStateException("%s must not be packed to be written, but is".formatted(name));
            }
        });
        try (NDManager scope = arrays.values().iterator().next().getManager().newSubManager();
                OutputStream out = Files.newOutputStream(unfinished)) {
            NDList copies = new NDList();
            arrays.forEach((name, array) -> {
                NDArray copy = array.toType(type, true);
                copy.attach(scope);
                copy.setName(name);
                copies.add(copy);
            });
            copies.encode(out, NDList.Encoding.SAFETENSORS);
        }
        Files.move(unfinished, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Reads the weights into a block.
     *
     * @param block the block, initialised
     * @param manager owner of the arrays, whose device they are put on
     * @param in a safetensors file
     * @param type type in memory
     * @throws IOException if the stream is no safetensors file, or has an array in bfloat16; where it ends too early,
     *     some of the weights are read
     * @throws IllegalArgumentException if the names or shapes are not those of the block, which stays as it was
     */
    public static void load(Block block, NDManager manager, InputStream in, DataType type) throws IOException {
        load(block, manager, in, type, Set.of());
    }

    /**
     * Reads the weights into a block, one array after the other: beside the block's own there is memory for one.
     *
     * @param block the block, initialised
     * @param manager owner of the arrays, whose device they are put on
     * @param in a safetensors file
     * @param type type in memory
     * @param optional names of the parameters that the file need not have, and which then stay as they were
     * @throws IOException if the stream is no safetensors file, or has an array in bfloat16; where it ends too early,
     *     some of the weights are read
     * @throws IllegalArgumentException if the names or shapes are not those of the block, which stays as it was
     */
    public static void load(Block block, NDManager manager, InputStream in, DataType type, Set<String> optional)
            throws IOException {
        Map<String, Parameter> parameters = of(block);
        List<SavedArray> saved = SavedArray.list(in);
        Map<String, Shape> shapes = new LinkedHashMap<>();
        saved.forEach(array -> shapes.put(array.name(), array.shape()));
        parameters.keySet().removeIf(name -> optional.contains(name) && !shapes.containsKey(name));
        requireSame(parameters, shapes);
        int most = saved.stream().mapToInt(SavedArray::bytes).max().orElse(0);
        ByteBuffer buffer = ByteBuffer.allocateDirect(most);
        for (SavedArray array : saved) {
            try (NDManager scope = manager.newSubManager()) {
                NDArray read = array.read(scope, in, buffer);
                Parameter parameter = Objects.requireNonNull(parameters.get(array.name()));
                parameter.close(); // first, so that its memory serves for the new array
                set(parameter, read, manager, type);
            }
        }
    }

    /**
     * Reads weights that another library published into a block.
     *
     * @param block an {@link Encoder}, or for BERT an {@link EncoderModel}, initialised
     * @param manager owner of the arrays, whose device they are put on
     * @param in a safetensors file
     * @param type type in memory
     * @param layout the library's names and shapes
     * @return the names of the parameters that the file has not, which stay as they were
     * @throws IOException if the stream is no safetensors file
     * @throws IllegalArgumentException if a weight is missing, left over, or has a shape that the block has not
     */
    public static Set<String> load(
            Block block, NDManager manager, InputStream in, DataType type, PublishedLayout layout) throws IOException {
        try (NDManager scope = manager.newSubManager()) {
            return set(block, manager, layout.encoder(read(scope, in), block), type);
        }
    }

    /**
     * Puts weights into a block, which copies them.
     *
     * @param block the block, initialised
     * @param manager owner of the copies, whose device they are put on
     * @param arrays weights by the names of the block, in its shapes
     * @param type type in memory
     * @return the names of the parameters that are not among them, which stay as they were
     * @throws IllegalArgumentException if a name or a shape is not the block's
     */
    public static Set<String> set(Block block, NDManager manager, Map<String, NDArray> arrays, DataType type) {
        Map<String, Parameter> parameters = of(block);
        Set<String> missing = new TreeSet<>(parameters.keySet());
        missing.removeAll(arrays.keySet());
        parameters.keySet().removeAll(missing);
        Map<String, Shape> shapes = new LinkedHashMap<>();
        arrays.forEach((name, array) -> shapes.put(name, array.getShape()));
        requireSame(parameters, shapes);
        arrays.forEach((name, array) -> set(Objects.requireNonNull(parameters.get(name)), array, manager, type));
        return missing;
    }

    /**
     * Reads arrays by name.
     *
     * @param scope owner of the arrays
     * @param in a safetensors file
     * @return the arrays, in the order of the file
     * @throws IOException if the stream is no safetensors file, or has an array in bfloat16
     */
    public static Map<String, NDArray> read(NDManager scope, InputStream in) throws IOException {
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        for (SavedArray saved : SavedArray.list(in)) {
            NDArray array = saved.read(scope, in, ByteBuffer.allocateDirect(saved.bytes()));
            array.setName(saved.name());
            arrays.put(saved.name(), array);
        }
        return arrays;
    }

    /**
     * Reads a file's arrays by name.
     *
     * @param scope owner of the arrays
     * @param file a safetensors file
     * @return the arrays, in the order of the file
     * @throws IOException if it cannot be read or is no safetensors file, or has an array in bfloat16; the message names
     *     the file
     */
    public static Map<String, NDArray> read(NDManager scope, Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return read(scope, in);
        } catch (FileSystemException e) {
            throw e; // it names the file
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static void set(Parameter parameter, NDArray read, NDManager manager, DataType type) {
        NDArray there = read.toDevice(manager.getDevice(), false);
        // always a copy: what was read lies in a Java buffer
        NDArray array = there.getDataType() == type ? there.duplicate() : there.toType(type, false);
        array.attach(manager);
        parameter.close();
        parameter.setShape(null);
        parameter.setArray(array);
        array.setRequiresGradient(parameter.requiresGradient());
    }

    private static void requireSame(Map<String, Parameter> parameters, Map<String, Shape> shapes) {
        Set<String> missing = new TreeSet<>(parameters.keySet());
        missing.removeAll(shapes.keySet());
        Set<String> unknown = new TreeSet<>(shapes.keySet());
        unknown.removeAll(parameters.keySet());
        if (!missing.isEmpty() || !unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "weights must have the names of the model, but miss %s and have %s".formatted(missing, unknown));
        }
        parameters.forEach((name, parameter) -> {
            Shape actual = Objects.requireNonNull(shapes.get(name));
            if (!parameter.getArray().getShape().equals(actual)) {
                throw new IllegalArgumentException("%s must be %s, but is %s"
                        .formatted(name, parameter.getArray().getShape(), actual));
            }
        });
    }
}
