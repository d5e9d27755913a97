package org.linformer.benchmark.rivals;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.OnnxEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import java.util.List;
import java.util.Map;
import org.springframework.ai.transformers.TransformersEmbeddingModel;
import org.springframework.core.io.FileSystemResource;

/** Another library's way from texts of at most 512 tokens to their vectors. */
interface Rival {

    /** Embeds texts. */
    List<float[]> embed(List<String> texts);

    /** LangChain4j's OnnxEmbeddingModel: one text after the other, on as many threads as there are cores. */
    static Rival langChain4j(MiniLmFiles files) {
        OnnxEmbeddingModel model = new OnnxEmbeddingModel(files.model(), files.tokenizer(), PoolingMode.MEAN);
        return texts -> model.embedAll(texts.stream().map(TextSegment::from).toList()).content().stream()
                .map(Embedding::vector)
                .toList();
    }

    /** Spring AI's TransformersEmbeddingModel: one batch. */
    static Rival springAi(MiniLmFiles files) throws Exception {
        TransformersEmbeddingModel model = new TransformersEmbeddingModel();
        model.setModelResource(new FileSystemResource(files.model()));
        model.setTokenizerResource(new FileSystemResource(files.tokenizer()));
        model.setTokenizerOptions(Map.of("padding", "true"));
        model.setDisableCaching(true);
        model.afterPropertiesSet();
        return model::embed;
    }
}
