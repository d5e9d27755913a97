package org.linformer.zoo.langchain4j;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.DimensionAwareEmbeddingModel;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import java.io.IOException;
import java.util.List;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;

/**
 * A model as LangChain4j's {@code EmbeddingModel}, in process: vectors of length 1, asked by any number of threads.
 * Close it when the application ends.
 */
public final class LinformerEmbeddingModel extends DimensionAwareEmbeddingModel implements AutoCloseable {

    private final TextModel<float[]> model;
    private final Truncation truncation;

    /**
     * Loads a model, which refuses a segment that is too long.
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
     * @param truncation what happens to a segment that is too long
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
     * @param truncation what happens to a segment that is too long
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
     * Embeds segments.
     *
     * @param segments the segments
     * @return their vectors, in their order, and the tokens that were read
     * @throws IllegalArgumentException if a segment is too long and may not be cut; the message says which
     */
    @Override
    public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
        List<TokenizedText> texts =
                model.tokenize(segments.stream().map(TextSegment::text).toList(), truncation);
        List<Embedding> embeddings = model.answer(texts, TextModel.BATCH_TOKENS).stream()
                .map(Embedding::from)
                .toList();
        int read = texts.stream().mapToInt(TokenizedText::read).sum();
        return Response.from(embeddings, new TokenUsage(read));
    }

    @Override
    protected Integer knownDimension() {
        return model.config().dimension();
    }

    @Override
    public String modelName() {
        return model.config().name();
    }

    @Override
    public void close() {
        model.close();
    }
}
