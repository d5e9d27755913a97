package org.linformer.zoo.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.classification.ClassificationResult;
import dev.langchain4j.classification.ScoredLabel;
import dev.langchain4j.data.document.Document;
import dev.langchain4j.data.document.splitter.DocumentSplitters;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.content.retriever.EmbeddingStoreContentRetriever;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.EmbeddingStoreIngestor;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.linformer.zoo.Truncation;

class LangChain4jTest {

    private static final String SPAM =
            "You have been selected to receive a FREE cash prize. Click here to claim your guaranteed winnings now!";
    private static final String HAM =
            "The patch that you sent yesterday fails to apply on the current tree. Could you rebase it, please?";
    private static final String TOO_LONG = "word ".repeat(5_000);

    private static LinformerEmbeddingModel model;

    @BeforeAll
    static void load() throws Exception {
        model = new LinformerEmbeddingModel("minilm-linformer-4k");
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void embedsSegmentsInTheirOrderAndCountsTokens() {
        Response<List<Embedding>> response =
                model.embedAll(List.of(TextSegment.from(HAM.repeat(9)), TextSegment.from(SPAM)));

        assertThat(response.content()).hasSize(2);
        assertThat(response.content().get(1).vector())
                .hasSize(model.dimension())
                .containsExactly(model.embed(SPAM).content().vector(), within(1e-4f));
        assertThat(response.tokenUsage().inputTokenCount())
                .isEqualTo(model.embed(HAM.repeat(9)).tokenUsage().inputTokenCount()
                        + model.embed(SPAM).tokenUsage().inputTokenCount());
    }

    @Test
    void tellsItsNameAndDimensionWithoutEmbeddingAnything() {
        assertThat(model.modelName()).isEqualTo("minilm-linformer-4k");
        assertThat(model.dimension()).isEqualTo(384);
        assertThat(model.embed(EmbeddingRequest.builder().input(SPAM).build())
                        .metadata()
                        .modelName())
                .isEqualTo("minilm-linformer-4k");
        assertThat(model.embedAll(List.of()).content()).isEmpty();
    }

    @Test
    void feedsAStoreAndFindsWhatIsAlikeInIt() {
        InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
        EmbeddingStoreIngestor.builder()
                .documentSplitter(DocumentSplitters.recursive(300, 0))
                .embeddingModel(model)
                .embeddingStore(store)
                .build()
                .ingest(
                        Document.from(HAM),
                        Document.from("Win a FREE holiday! Order now, no obligation, click here, offer ends today!"),
                        Document.from("I get a compile error in the parser since the last commit, see the log below."));
        ContentRetriever retriever = EmbeddingStoreContentRetriever.builder()
                .embeddingStore(store)
                .embeddingModel(model)
                .maxResults(1)
                .build();

        List<Content> found = retriever.retrieve(Query.from(SPAM));

        assertThat(found)
                .singleElement()
                .satisfies(content -> assertThat(content.textSegment().text()).contains("FREE holiday"));
    }

    @Test
    void embedsInBfloat16() throws Exception {
        try (LinformerEmbeddingModel half =
                new LinformerEmbeddingModel("minilm-linformer-4k", Truncation.NONE, "bfloat16")) {
            assertThat(likeness(
                            half.embed(SPAM).content().vector(),
                            model.embed(SPAM).content().vector()))
                    .isGreaterThan(0.999);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LinformerEmbeddingModel("spam-linformer", Truncation.NONE, "int8"))
                .withMessage("precision must be one of [float32, bfloat16], but is int8");
    }

    private static double likeness(float[] a, float[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    @Test
    void refusesASegmentThatIsTooLongUnlessItMayBeCut() throws Exception {
        List<TextSegment> segments = List.of(TextSegment.from(HAM), TextSegment.from(TOO_LONG));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.embedAll(segments))
                .withMessageStartingWith("text 2 of 2: text must be at most 4096 tokens, but is 5002");
        try (LinformerEmbeddingModel cutting = new LinformerEmbeddingModel("minilm-linformer-4k", Truncation.END)) {
            assertThat(cutting.embed(TOO_LONG).tokenUsage().inputTokenCount()).isEqualTo(4096);
        }
    }

    @Test
    void refusesAnotherDimensionThanItsOwn() {
        assertThatExceptionOfType(UnsupportedFeatureException.class)
                .isThrownBy(() -> model.embed(
                        EmbeddingRequest.builder().input(SPAM).dimensions(64).build()))
                .withMessageContaining("dimensions");
    }

    @Test
    void classifiesAText() throws Exception {
        try (LinformerTextClassifier classifier = new LinformerTextClassifier("spam-linformer")) {
            ClassificationResult<String> result = classifier.classifyWithScores(SPAM);

            assertThat(result.scoredLabels()).extracting(ScoredLabel::label).containsExactly("spam", "ham");
            assertThat(result.scoredLabels().stream()
                            .mapToDouble(ScoredLabel::score)
                            .sum())
                    .isEqualTo(1, within(1e-6));
            assertThat(classifier.classify(HAM)).containsExactly("ham");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> classifier.classify(TOO_LONG))
                    .withMessageStartingWith("text must be at most 4096 tokens, but is 5002");
        }
    }
}
