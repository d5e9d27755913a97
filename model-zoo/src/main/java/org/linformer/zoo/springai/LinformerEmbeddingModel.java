package org.linformer.zoo.springai;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.AbstractEmbeddingModel;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * A model as Spring AI's {@code EmbeddingModel}, in process: vectors of length 1, asked by any number of threads.
 * Spring closes it with the application if it is a bean.
 */
public final class LinformerEmbeddingModel extends AbstractEmbeddingModel implements AutoCloseable {

    private final TextModel<float[]> model;
    private final Truncation truncation;

    /**
     * Loads a model, which refuses a text that is too long.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not embed
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration
     */
    public LinformerEmbeddingModel(String place) throws IOException, ModelNotFoundException, MalformedModelException {
        this(place, Truncation.NONE);
    }

    /**
     * Loads a model.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @param truncation what happens to a text that is too long
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not embed
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration
     */
    public LinformerEmbeddingModel(String place, Truncation truncation)
            throws IOException, ModelNotFoundException, MalformedModelException {
        this(place, truncation, TextModel.FLOAT32);
    }

    /**
     * Loads a model.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @param truncation what happens to a text that is too long
     * @param precision what it computes in: {@code float32}, or {@code bfloat16} where the device is faster with it
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not embed
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration, or there is no such precision
     */
    public LinformerEmbeddingModel(String place, Truncation truncation, String precision)
            throws IOException, ModelNotFoundException, MalformedModelException {
        model = new TextModel<>(place, float[].class, precision);
        this.truncation = truncation;
    }

    /**
     * Embeds the texts of a request.
     *
     * @return their vectors, in their order, and the tokens that were read
     * @throws IllegalArgumentException if a text is too long and may not be cut, or the request wants what the model
     *     does not do
     */
    @Override
    public EmbeddingResponse call(EmbeddingRequest request) {
        requireOwn(request.getOptions());
        List<TokenizedText> texts = model.tokenize(request.getInstructions(), truncation);
        List<float[]> vectors = model.answer(texts, TextModel.BATCH_TOKENS);
        List<Embedding> embeddings = IntStream.range(0, vectors.size())
                .mapToObj(i -> new Embedding(vectors.get(i), i))
                .toList();
        int read = texts.stream().mapToInt(TokenizedText::read).sum();
        return new EmbeddingResponse(
                embeddings, new EmbeddingResponseMetadata(model.config().name(), new DefaultUsage(read, 0)));
    }

    private void requireOwn(@Nullable EmbeddingOptions options) {
        ModelConfig own = model.config();
        if (options != null && options.getModel() != null && !options.getModel().equals(own.name())) {
            throw new IllegalArgumentException("model must be %s, but is %s".formatted(own.name(), options.getModel()));
        }
        if (options != null && options.getDimensions() != null && options.getDimensions() != own.dimension()) {
            throw new IllegalArgumentException(
                    "dimensions must be %d, but is %d".formatted(own.dimension(), options.getDimensions()));
        }
    }

    @Override
    public float[] embed(Document document) {
        String text = getEmbeddingContent(document);
        if (text == null) {
            throw new IllegalArgumentException(
                    "document %s must have a text, but has none".formatted(document.getId()));
        }
        return embed(text);
    }

    @Override
    public int dimensions() {
        return model.config().dimension();
    }

    @Override
    public void close() {
        model.close();
    }
}
