package org.linformer.zoo.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.linformer.zoo.Truncation;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

class SpringAiTest {

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
    void embedsTextsInTheirOrderAndCountsTokens() {
        EmbeddingResponse response = model.embedForResponse(List.of(HAM.repeat(9), SPAM));

        assertThat(response.getResults()).extracting(Embedding::getIndex).containsExactly(0, 1);
        assertThat(response.getResults().get(1).getOutput())
                .hasSize(model.dimensions())
                .containsExactly(model.embed(SPAM), within(1e-4f));
        assertThat(response.getMetadata().getModel()).isEqualTo("minilm-linformer-4k");
        assertThat(response.getMetadata().getUsage().getPromptTokens())
                .isEqualTo(response.getMetadata().getUsage().getTotalTokens())
                .isGreaterThan(200);
        assertThat(model.embed(List.of())).isEmpty();
    }

    @Test
    void feedsAStoreAndFindsWhatIsAlikeInIt() {
        SimpleVectorStore store = SimpleVectorStore.builder(model).build();
        store.add(List.of(
                new Document(HAM),
                new Document("Win a FREE holiday! Order now, no obligation, click here, offer ends today!"),
                new Document("I get a compile error in the parser since the last commit, see the log below.")));

        List<Document> found = store.similaritySearch(
                SearchRequest.builder().query(SPAM).topK(1).build());

        assertThat(found)
                .singleElement()
                .satisfies(document -> assertThat(document.getText()).contains("FREE holiday"));
    }

    @Test
    void embedsInBfloat16() throws Exception {
        try (LinformerEmbeddingModel half =
                new LinformerEmbeddingModel("minilm-linformer-4k", Truncation.NONE, "bfloat16")) {
            assertThat(likeness(half.embed(SPAM), model.embed(SPAM))).isGreaterThan(0.999);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LinformerEmbeddingModel("spam-linformer", Truncation.NONE, "int8"))
                .withMessage("precision must be one of [float32, bfloat16], but is int8");
    }

    private static double likeness(float[] a, float[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    @Test
    void refusesATextThatIsTooLongUnlessItMayBeCut() throws Exception {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.embed(List.of(HAM, TOO_LONG)))
                .withMessageStartingWith("text 2 of 2: text must be at most 4096 tokens, but is 5002");
        try (LinformerEmbeddingModel cutting = new LinformerEmbeddingModel("minilm-linformer-4k", Truncation.END)) {
            assertThat(cutting.embedForResponse(List.of(TOO_LONG))
                            .getMetadata()
                            .getUsage()
                            .getPromptTokens())
                    .isEqualTo(4096);
        }
    }

    @Test
    void refusesWhatItDoesNotDo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.call(new EmbeddingRequest(
                        List.of(SPAM), EmbeddingOptions.builder().dimensions(64).build())))
                .withMessage("dimensions must be 384, but is 64");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.call(new EmbeddingRequest(
                        List.of(SPAM), EmbeddingOptions.builder().model("other").build())))
                .withMessage("model must be minilm-linformer-4k, but is other");
        Document picture = Document.builder()
                .id("picture")
                .media(new org.springframework.ai.content.Media(
                        org.springframework.util.MimeTypeUtils.IMAGE_PNG, java.net.URI.create("file:/a.png")))
                .metadata(Map.of())
                .build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.embed(picture))
                .withMessage("document picture must have a text, but has none");
    }

    @Configuration
    static class Application {

        @Bean
        LinformerEmbeddingModel embeddingModel() throws Exception {
            return new LinformerEmbeddingModel("minilm-linformer-4k");
        }
    }

    @Test
    void isABeanThatSpringCloses() {
        LinformerEmbeddingModel bean;
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(Application.class)) {
            bean = context.getBean(LinformerEmbeddingModel.class);
            assertThat(bean.embed(SPAM)).hasSize(384);
        }

        org.assertj.core.api.Assertions.assertThatIllegalStateException().isThrownBy(() -> bean.embed(SPAM));
    }
}
