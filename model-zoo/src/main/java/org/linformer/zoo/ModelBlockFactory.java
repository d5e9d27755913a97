package org.linformer.zoo;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.BlockFactory;
import ai.djl.training.initializer.Initializer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.linformer.attention.Packed;
import org.linformer.attention.TorchScript;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;

/**
 * Builds the block of a model's folder, weights and all; it is for inference alone.
 *
 * <p>The argument {@code precision} says in what the encoder's layers compute: {@code float32}, which is the default,
 * or {@code bfloat16}, which is taken only where the device is faster with it. The model's property {@value #DTYPE}
 * tells which it is; one of the argument's own name would be what was asked for, as DJL copies arguments into
 * properties.
 *
 * <p>A thread of its own builds the block, and ends. Each thread that PyTorch computes in keeps a team of OpenMP as
 * long as it lives, and once all teams together have more threads than the processor has cores, their threads sleep at
 * every barrier instead of a short wait: predictions on 16 tokens, made in another thread than the one that had loaded
 * the model, took twice as long (two cores).
 */
public final class ModelBlockFactory implements BlockFactory {

    private static final long serialVersionUID = 1;

    /** Name of the property that tells in what the encoder's layers compute. */
    public static final String DTYPE = "dtype";

    private static final List<String> PRECISIONS = List.of(TextModel.FLOAT32, "bfloat16");

    /**
     * Builds the block.
     *
     * @throws IOException if a file is missing or is not the one that {@code config.json} vouches for
     * @throws IllegalArgumentException if the precision is no such one, or the device is not there, or the weights are
     *     not those of the configuration
     */
    @Override
    public Block newBlock(Model model, Path folder, Map<String, ?> arguments) throws IOException {
        CompletableFuture<Block> built = new CompletableFuture<>();
        Runnable building = () -> {
            try {
                built.complete(build(model, folder, arguments));
            } catch (IOException | RuntimeException | Error e) {
                built.completeExceptionally(e);
            }
        };
        new Thread(building, "model-building").start();
        try {
            Block block = built.join();
            GlibcAllocator.giveBackFreedMemory();
            return block;
        } catch (CompletionException e) {
            model.close(); // nobody gets it, so nobody would: its weights would stay until a garbage collection
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw (Error) e.getCause();
        }
    }

    private static Block build(Model model, Path folder, Map<String, ?> arguments) throws IOException {
        requireDevice(model.getNDManager());
        Object precision = arguments.get("precision");
        if (precision != null && !PRECISIONS.contains(precision)) {
            throw new IllegalArgumentException(
                    "precision must be one of %s, but is %s".formatted(PRECISIONS, precision));
        }
        ModelConfig config = ModelConfig.read(folder);
        config.verify(folder);
        EncoderModel block = new EncoderModel(config.vocabSize(), config.encoder(), config.heads());
        block.setInitializer(Initializer.ZEROS, parameter -> true); // random numbers would be lost at once
        block.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, config.maxTokens()));
        try (InputStream in = ModelRepository.weights(folder)) {
            Weights.load(block, model.getNDManager(), in, DataType.FLOAT32, optional(config));
        }
        block.freezeParameters(true);
        boolean isBfloat16 = "bfloat16".equals(precision)
                && TorchScript.isBfloat16Fast(model.getNDManager().getDevice());
        if (isBfloat16) {
            block.toBfloat16();
        }
        if (Packed.isPossible(model.getNDManager().getDevice())) {
            block.pack();
        }
        model.setProperty(DTYPE, isBfloat16 ? "bfloat16" : "float32");
        return block;
    }

    /** A classifier's head may have no weights for its mean of the tokens: zero, as the plain mean was trained. */
    private static Set<String> optional(ModelConfig config) {
        return IntStream.range(0, config.heads().size())
                .filter(i -> config.heads().get(i) instanceof ClassifierHead.Config)
                .mapToObj("heads.%d.pooling.content"::formatted)
                .collect(Collectors.toSet());
    }

    private static void requireDevice(NDManager manager) {
        Device device = manager.getDevice();
        int gpus = manager.getEngine().getGpuCount();
        // "gpu" without a number is -1 to DJL
        if (device.isGpu() && Math.max(device.getDeviceId(), 0) >= gpus) {
            throw new IllegalArgumentException(
                    "device must be cpu or one of %d GPUs, but is %s".formatted(gpus, device));
        }
    }
}
