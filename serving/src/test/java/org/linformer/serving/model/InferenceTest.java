package org.linformer.serving.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.TokenizedText;
import org.springframework.util.unit.DataSize;

class InferenceTest {

    private static LoadedModel model;

    @BeforeAll
    static void loadModel() throws Exception {
        model = new LoadedModel("spam-linformer", "float32", Map.of());
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    private static Inference inference(int maxQueuedTokens, Duration timeout) {
        ServingProperties properties = new ServingProperties(
                List.of("spam-linformer"),
                "float32",
                1,
                1,
                64,
                1_000,
                DataSize.ofMegabytes(1),
                4096,
                maxQueuedTokens,
                Map.of(),
                timeout,
                "",
                false,
                0);
        return new Inference(properties, new SimpleMeterRegistry());
    }

    private static TokenizedText text(int tokens) {
        long[] ids = new long[tokens];
        Arrays.fill(ids, 2000);
        return new TokenizedText(ids, tokens);
    }

    private static Job job(Task task, int tokens) {
        return new Job(model, task, text(tokens), new CompletableFuture<>(), 0);
    }

    @Test
    void putsTextsOfAboutOneLengthTogether() {
        List<Job> waiting = Stream.of(100, 1000, 98, 101, 30, 99)
                .map(tokens -> job(Task.CLASSIFY, tokens))
                .toList();

        List<Job> batch = Inference.nextBatch(waiting, 4096);

        assertThat(batch.stream().map(job -> job.text().read())).containsExactly(100, 101, 99, 98);
    }

    @Test
    void keepsABatchWithinItsTokens() {
        List<Job> waiting =
                IntStream.range(0, 10).mapToObj(i -> job(Task.EMBED, 1000)).toList();

        assertThat(Inference.nextBatch(waiting, 4096)).hasSize(4);
    }

    @Test
    void asksForOneThingAtATime() {
        List<Job> waiting = List.of(job(Task.EMBED, 10), job(Task.CLASSIFY, 10), job(Task.EMBED, 10));

        assertThat(Inference.nextBatch(waiting, 4096)).containsExactly(waiting.get(0), waiting.get(2));
    }

    @Test
    void refusesWhatDoesNotFitIntoTheQueueAndSaysWhenToTryAgain() {
        List<CompletableFuture<String>> outcomes;
        try (Inference inference = inference(4096, Duration.ofMinutes(1))) {
            outcomes = askAtOnce(inference, 30);
            outcomes.forEach(CompletableFuture::join);
        }

        List<String> said = outcomes.stream().map(CompletableFuture::join).toList();
        assertThat(said).contains("answered", "queue_full, try again");
    }

    @Test
    void answersWhatWasLetInBeforeItStops() throws Exception {
        Inference inference = inference(1_000_000, Duration.ofMinutes(1));
        List<CompletableFuture<String>> outcomes = askAtOnce(inference, 6);
        while (outcomes.stream().noneMatch(CompletableFuture::isDone)) {
            Thread.onSpinWait();
        }

        inference.close();

        assertThat(outcomes.stream().map(CompletableFuture::join)).containsOnly("answered");
        assertThat(askAtOnce(inference, 1).get(0).join()).isEqualTo("stopping");
    }

    @Test
    void failsTheBatchAloneThatTheEngineFailsOn() {
        try (Inference inference = inference(100_000, Duration.ofMinutes(1))) {
            long[] unknown = {101, 1_000_000, 102};
            TokenizedText broken = new TokenizedText(unknown, unknown.length);

            CompletableFuture<List<Job.Done>> failed =
                    inference.answer(model, Task.CLASSIFY, List.of(broken, text(200)));
            CompletableFuture<List<Job.Done>> answered = inference.answer(model, Task.CLASSIFY, List.of(text(3)));

            assertThat(answered.join()).hasSize(1);
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(failed::join)
                    .havingCause()
                    .isInstanceOfSatisfying(
                            UnavailableException.class,
                            e -> assertThat(e.reason()).isEqualTo(UnavailableException.Reason.ENGINE));
        }
    }

    @Test
    void givesUpWhenTheTimeIsOver() {
        try (Inference inference = inference(1_000_000, Duration.ofNanos(1))) {
            assertThat(askAtOnce(inference, 1).get(0).join()).isEqualTo("deadline");
        }
    }

    private static List<CompletableFuture<String>> askAtOnce(Inference inference, int requests) {
        ExecutorService callers = Executors.newFixedThreadPool(requests);
        List<CompletableFuture<String>> outcomes = IntStream.range(0, requests)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> ask(inference), callers))
                .toList();
        callers.shutdown();
        return outcomes;
    }

    private static String ask(Inference inference) {
        try {
            inference.answer(model, Task.EMBED, List.of(text(1000))).join();
            return "answered";
        } catch (UnavailableException | CompletionException thrown) {
            UnavailableException e =
                    (UnavailableException) (thrown instanceof CompletionException ? thrown.getCause() : thrown);
            return e.reason() + (e.retryAfter().toSeconds() >= 1 ? ", try again" : "");
        }
    }
}
