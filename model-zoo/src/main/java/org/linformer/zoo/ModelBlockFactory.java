package org.linformer.zoo;

import ai.djl.Model;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.BlockFactory;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;

/** Builds the block of a model's folder, weights and all; the weights are frozen. */
public final class ModelBlockFactory implements BlockFactory {

    private static final long serialVersionUID = 1;

    /**
     * Builds the block.
     *
     * @throws IOException if a file is missing or is not the one that {@code config.json} vouches for
     */
    @Override
    public Block newBlock(Model model, Path folder, Map<String, ?> arguments) throws IOException {
        ModelConfig config = ModelConfig.read(folder);
        config.verify(folder);
        EncoderModel block = new EncoderModel(config.vocabSize(), config.encoder(), config.heads());
        block.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, config.maxTokens()));
        try (InputStream in = new BufferedInputStream(Files.newInputStream(folder.resolve(ModelConfig.WEIGHTS)))) {
            Weights.load(block, model.getNDManager(), in, DataType.FLOAT32);
        }
        block.freezeParameters(true);
        return block;
    }
}
