package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.modality.Classifications;
import ai.djl.repository.zoo.ModelNotFoundException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextModelTest {

    private static final List<String> TEXTS = IntStream.range(0, 40)
            .mapToObj(i -> ("offer number " + i + " ends today. ").repeat(1 + i * 7 % 13))
            .toList();

    @Test
    void givesTheAnswersInTheOrderOfTheTextsWhateverTheBatches() throws Exception {
        try (TextModel<float[]> model = new TextModel<>("spam-linformer", float[].class)) {
            List<TokenizedText> texts = model.tokenize(TEXTS, Truncation.NONE);

            List<float[]> alone = model.answer(texts, 1);
            List<float[]> batched = model.answer(texts, 256);

            for (int i = 0; i < texts.size(); i++) {
                assertThat(batched.get(i)).as(TEXTS.get(i)).containsExactly(alone.get(i), within(1e-4f));
            }
        }
    }

    @Test
    void answersManyThreadsAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (TextModel<float[]> model = new TextModel<>("spam-linformer", float[].class)) {
            List<TokenizedText> texts = model.tokenize(TEXTS, Truncation.NONE);
            List<float[]> expected = model.answer(texts, 256);

            List<Future<List<float[]>>> answers = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                answers.add(threads.submit(() -> model.answer(model.tokenize(TEXTS, Truncation.NONE), 256)));
            }

            for (Future<List<float[]>> answer : answers) {
                for (int i = 0; i < texts.size(); i++) {
                    assertThat(answer.get().get(i)).containsExactly(expected.get(i), within(1e-5f));
                }
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void saysWhichTextIsTooLongAndCutsItIfItMay() throws Exception {
        List<String> texts = List.of("short", "word ".repeat(5_000));
        try (TextModel<Classifications> model = new TextModel<>("spam-linformer", Classifications.class)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.tokenize(texts, Truncation.NONE))
                    .withMessage("text 2 of 2: text must be at most 4096 tokens, but is 5002. Shorten it, or ask for"
                            + " truncation at the end");
            assertThat(model.answer(model.tokenize(texts, Truncation.END), TextModel.BATCH_TOKENS))
                    .extracting(Classifications::getClassNames)
                    .containsExactly(List.of("ham", "spam"), List.of("ham", "spam"));
        }
    }

    /** As on a thread of the common pool in an application of Spring Boot. */
    @Test
    void loadsOnAThreadWhoseClassLoaderHasNoZoo() throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader own = thread.getContextClassLoader();
        thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        try (TextModel<Classifications> model = new TextModel<>("spam-linformer", Classifications.class)) {
            assertThat(model.config().name()).isEqualTo("spam-linformer");
        } finally {
            thread.setContextClassLoader(own);
        }
    }

    @Test
    void namesTheTextThatIsNull() throws Exception {
        try (TextModel<float[]> model = new TextModel<>("spam-linformer", float[].class)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.tokenize(Arrays.asList("one", null, "three"), Truncation.NONE))
                    .withMessage("text 2 of 3 must be a text, but is null");
        }
    }

    @Test
    void finishesWhatItIsAnsweringBeforeItCloses() throws Exception {
        TextModel<float[]> model = new TextModel<>("spam-linformer", float[].class);
        List<TokenizedText> texts = model.tokenize(List.of("word ".repeat(4_000)), Truncation.NONE);
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            CountDownLatch answered = new CountDownLatch(1);
            Future<?> answer = threads.submit(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    try {
                        model.answer(texts, TextModel.BATCH_TOKENS);
                    } finally {
                        answered.countDown();
                    }
                }
            });
            answered.await();
            model.close();

            assertThatExceptionOfType(ExecutionException.class)
                    .as("closed between two answers")
                    .isThrownBy(() -> answer.get(5, TimeUnit.MINUTES))
                    .havingCause()
                    .isExactlyInstanceOf(IllegalStateException.class)
                    .withMessage("spam-linformer must be open, but is closed");
        } finally {
            threads.shutdownNow();
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> model.tokenize("word", Truncation.NONE))
                .withMessage("spam-linformer must be open, but is closed");
        model.close();
    }

    @Test
    void hasNothingToSayToNoTexts() throws Exception {
        try (TextModel<float[]> model = new TextModel<>("spam-linformer", float[].class)) {
            assertThat(model.answer(List.of(), TextModel.BATCH_TOKENS)).isEmpty();
        }
    }

    @Test
    void refusesAModelThatIsNotThere() {
        assertThatExceptionOfType(java.io.IOException.class)
                .isThrownBy(() -> new TextModel<>("ham-linformer", float[].class))
                .withMessage(
                        "model must be one of [minilm-linformer-4k, spam-linformer, debian-topic, imdb-sentiment], or a folder with a slash in its name, but is"
                                + " ham-linformer");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TextModel<>(" ", float[].class))
                .withMessageEndingWith("but is blank");
        for (String noHost : List.of("ham_linformer", "2026", "ham linformer", "ham:80")) {
            assertThatExceptionOfType(java.io.IOException.class)
                    .isThrownBy(() -> new TextModel<>(noHost, float[].class))
                    .withMessageEndingWith("but is " + noHost);
        }
        assertThatExceptionOfType(ModelNotFoundException.class)
                .isThrownBy(() -> new TextModel<>("spam-linformer", String.class));
    }

    @Test
    void putsTextsOfEqualLengthIntoOneBatch() {
        List<TokenizedText> texts = IntStream.of(3, 90, 4, 100, 250, 3)
                .mapToObj(n -> new TokenizedText(new long[n], n))
                .toList();

        assertThat(TokenizedText.byLength(texts, 200)).containsExactly(List.of(0, 5, 2), List.of(1, 3), List.of(4));
        assertThat(TokenizedText.byLength(texts, 8192))
                .as("little padding, though all would fit")
                .containsExactly(List.of(0, 5, 2), List.of(1, 3), List.of(4));
        assertThat(TokenizedText.byLength(texts.subList(1, 4), 8192))
                .as("some padding costs less than another batch")
                .containsExactly(List.of(1, 0, 2));
        assertThat(TokenizedText.byLength(List.of(), 200)).isEmpty();
    }
}
