package org.linformer.serving.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.withPrecision;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.linformer.serving.RequestException;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.TokenizedText;
import org.springframework.util.unit.DataSize;

class InferenceTest {

    private static final Client CLIENT = () -> false;

    private static LoadedModel model;

    @BeforeAll
    static void loadModel() throws Exception {
        model = new LoadedModel("spam-linformer", "float32", Map.of());
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    private static final Duration LONG = Duration.ofMinutes(1);

    private static Inference inference(int maxConcurrentRequests, Duration timeout) {
        return inference(1, maxConcurrentRequests, timeout);
    }

    private static Inference inference(int workers, int maxConcurrentRequests, Duration timeout) {
        ServingProperties properties = new ServingProperties(
                List.of("spam-linformer"),
                "float32",
                workers,
                64,
                1_000,
                DataSize.ofMegabytes(1),
                4096,
                maxConcurrentRequests,
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
        return new Job(CLIENT, model, task, text(tokens), new CompletableFuture<>(), 0);
    }

    @Test
    void putsTextsOfAboutOneLengthTogether() {
        List<Job> waiting = Stream.of(100, 1000, 98, 101, 30, 99)
                .map(tokens -> job(Task.CLASSIFY, tokens))
                .toList();

        List<Job> batch = Batch.next(waiting, 4096);

        assertThat(batch.stream().map(job -> job.text().read())).containsExactly(100, 101, 99, 98);
    }

    @Test
    void keepsABatchWithinItsTokens() {
        List<Job> waiting =
                IntStream.range(0, 10).mapToObj(i -> job(Task.EMBED, 1000)).toList();

        assertThat(Batch.next(waiting, 4096)).hasSize(4);
    }

    @Test
    void asksForOneThingAtATime() {
        List<Job> waiting = List.of(job(Task.EMBED, 10), job(Task.CLASSIFY, 10), job(Task.EMBED, 10));

        assertThat(Batch.next(waiting, 4096)).containsExactly(waiting.get(0), waiting.get(2));
    }

    @Test
    void refusesWhatDoesNotFitIntoTheQueueAndSaysWhenToTryAgain() {
        List<CompletableFuture<String>> outcomes;
        try (Inference inference = inference(4, LONG)) {
            outcomes = askAtOnce(inference, 30);
            outcomes.forEach(CompletableFuture::join);
        }

        List<String> said = outcomes.stream().map(CompletableFuture::join).toList();
        assertThat(said).containsOnly("answered", "queue_full, try again").contains("queue_full, try again");
        assertThat(said.stream().filter("answered"::equals)).hasSizeGreaterThanOrEqualTo(4);
    }

    @Test
    void countsRequestsWhateverTheirTexts() {
        try (Inference inference = inference(2, LONG)) {
            CompletableFuture<List<Job.Done>> running =
                    inference.answer(CLIENT, model, Task.EMBED, Collections.nCopies(8, text(1000)));
            CompletableFuture<List<Job.Done>> waiting =
                    inference.answer(CLIENT, model, Task.EMBED, Collections.nCopies(8, text(1000)));

            assertThatExceptionOfType(UnavailableException.class)
                    .isThrownBy(() -> inference.answer(CLIENT, model, Task.EMBED, List.of(text(3))))
                    .withMessage(
                            "requests at once must be at most serving.max-concurrent-requests=2, but are 2 that wait")
                    .satisfies(e -> assertThat(e.retryAfter()).isPositive());
            assertThatExceptionOfType(UnavailableException.class).isThrownBy(inference::requireRoom);
            CompletableFuture<List<Job.Done>> ofAModelThatIsLoaded = inference.warmUp(model, Task.EMBED, text(3));
            assertThat(running.join()).hasSize(8);
            assertThat(waiting.join()).hasSize(8);
            assertThat(ofAModelThatIsLoaded.join()).hasSize(1);
            // there is room again as soon as they are answered
            assertThat(inference
                            .answer(CLIENT, model, Task.EMBED, List.of(text(3)))
                            .join())
                    .hasSize(1);
        }
    }

    @Test
    void letsMoreRequestsInWhileAllOfThemTakeHalfASecond() {
        try (Inference inference = inference(1, LONG)) {
            // at the speed that is assumed before the first large batch these are 0.4 seconds
            List<CompletableFuture<List<Job.Done>>> burst = IntStream.range(0, 200)
                    .mapToObj(i -> inference.answer(CLIENT, model, Task.EMBED, List.of(text(20))))
                    .toList();

            assertThat(burst).allSatisfy(answer -> assertThat(answer.join()).hasSize(1));
        }
    }

    @Test
    void refusesAtOnceWhatWouldNotBeAnsweredInTime() {
        try (Inference inference = inference(64, Duration.ofSeconds(60))) {
            CompletableFuture<List<Job.Done>> running =
                    inference.answer(CLIENT, model, Task.EMBED, List.of(text(4096)));

            assertThatExceptionOfType(UnavailableException.class)
                    .isThrownBy(() -> inference.answer(CLIENT, model, Task.EMBED, Collections.nCopies(200, text(4096))))
                    .withMessage("answer must come within serving.request-timeout=PT1M, but what waits and the request"
                            + " take about 82 seconds")
                    .satisfies(e -> assertThat(e.reason()).isEqualTo(UnavailableException.Reason.QUEUE_FULL));

            assertThat(running.join()).hasSize(1);
        }
    }

    @Test
    void refusesWhatAloneTakesMoreTimeThanThereIsOnceTheSpeedIsKnown() {
        List<TokenizedText> hours = Collections.nCopies(10_000, text(4096));
        try (Inference inference = inference(64, Duration.ofSeconds(20))) {
            tellSpeed(inference);

            assertThatExceptionOfType(RequestException.class)
                    .isThrownBy(() -> inference.answer(CLIENT, model, Task.EMBED, hours))
                    .withMessageMatching("request must be answered within serving\\.request-timeout=PT20S, but its"
                            + " 40960000 tokens take about \\d+ seconds");
            assertThat(inference
                            .answer(CLIENT, model, Task.EMBED, List.of(text(3)))
                            .join())
                    .hasSize(1);
        }
    }

    /** The speed may have been measured in a bad moment, and where all is refused none is measured. */
    @Test
    void letsInSomeDayWhatItRefuses() {
        List<TokenizedText> minutes = Collections.nCopies(200, text(4096));
        try (Inference inference = inference(64, Duration.ofSeconds(3))) {
            tellSpeed(inference);
            int refused = 0;
            CompletableFuture<List<Job.Done>> answer = null;
            for (int i = 0; i < 100 && answer == null; i++) {
                try {
                    answer = inference.answer(CLIENT, model, Task.EMBED, minutes);
                } catch (RequestException e) {
                    assertThat(e).hasMessageStartingWith("request must be answered within");
                    refused++;
                }
            }

            assertThat(refused).isPositive();
            assertThat(answer).isNotNull();
        }
    }

    /** The second batch is taken once the first has been measured. */
    private static void tellSpeed(Inference inference) {
        inference.warmUp(model, Task.EMBED, text(2048)).join();
        inference.warmUp(model, Task.EMBED, text(3)).join();
    }

    @Test
    void letsTheLongestRequestInWhenNothingIsBeforeIt() {
        try (Inference inference = inference(64, Duration.ofMillis(1))) {
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(() -> inference
                            .answer(CLIENT, model, Task.EMBED, Collections.nCopies(64, text(4096)))
                            .join())
                    .havingCause()
                    .isInstanceOfSatisfying(
                            UnavailableException.class,
                            e -> assertThat(e.reason()).isEqualTo(UnavailableException.Reason.DEADLINE));
        }
    }

    @Test
    void answersWhatWasLetInBeforeItStops() throws Exception {
        Inference inference = inference(64, LONG);
        List<CompletableFuture<List<Job.Done>>> letIn = IntStream.range(0, 6)
                .mapToObj(i -> inference.answer(CLIENT, model, Task.EMBED, List.of(text(1000))))
                .toList();

        inference.close();

        assertThat(letIn).allSatisfy(answer -> assertThat(answer.join()).hasSize(1));
        assertThat(askAtOnce(inference, 1).get(0).join()).isEqualTo("stopping");
    }

    /** The second worker has nothing to take, and waits for the end of what only the first one may. */
    @Test
    @Timeout(60)
    void stopsThoughWhatStillWaitsIsGivenUp() {
        Inference inference = inference(2, 64, Duration.ofMillis(100));
        CompletableFuture<List<Job.Done>> answer =
                inference.answer(CLIENT, model, Task.EMBED, Collections.nCopies(4, text(4000)));

        inference.close();

        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(answer::join)
                .withCauseInstanceOf(UnavailableException.class);
    }

    @Test
    void failsTheBatchAloneThatTheEngineFailsOn() {
        try (Inference inference = inference(64, LONG)) {
            long[] unknown = {101, 1_000_000, 102};
            TokenizedText broken = new TokenizedText(unknown, unknown.length);

            CompletableFuture<List<Job.Done>> failed =
                    inference.answer(CLIENT, model, Task.CLASSIFY, List.of(broken, text(200)));
            // too long to be in a batch with the broken one
            CompletableFuture<List<Job.Done>> answered =
                    inference.answer(CLIENT, model, Task.CLASSIFY, List.of(text(50)));

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
    void saysThatTheClientHasGoneThoughSomeOfItsTextsAreBeingComputed() {
        AtomicBoolean isGone = new AtomicBoolean();
        try (Inference inference = inference(2, 64, LONG)) {
            CompletableFuture<List<Job.Done>> answer =
                    inference.answer(isGone::get, model, Task.EMBED, Collections.nCopies(4, text(4000)));
            isGone.set(true);

            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(answer::join)
                    .withCauseInstanceOf(ClientGoneException.class);
        }
    }

    @Test
    void answersShortTextsBesideALongOne() {
        try (Inference inference = inference(2, 64, LONG)) {
            CompletableFuture<List<Job.Done>> slow =
                    inference.answer(CLIENT, model, Task.EMBED, Collections.nCopies(4, text(4000)));
            boolean isFirst = inference
                    .answer(CLIENT, model, Task.EMBED, List.of(text(20), text(100)))
                    .thenApply(answers -> !slow.isDone())
                    .join();

            assertThat(isFirst).isTrue();
            assertThat(slow.join()).hasSize(4);
        }
    }

    @Test
    void givesAllTextsTheSameAnswerHoweverManyThreadsComputeIt() {
        List<TokenizedText> texts =
                Stream.of(20, 100, 1000).map(InferenceTest::text).toList();
        try (Inference one = inference(1, 64, LONG);
                Inference two = inference(2, 64, LONG)) {
            for (TokenizedText text : texts) {
                List<CompletableFuture<List<Job.Done>>> both = Stream.of(one, two, two, two)
                        .map(each -> each.answer(CLIENT, model, Task.EMBED, List.of(text)))
                        .toList();

                float[] expected = both.get(0).join().get(0).values();
                assertThat(both)
                        .allSatisfy(answer -> assertThat(answer.join().get(0).values())
                                .containsExactly(expected, withPrecision(1e-5f)));
            }
        }
    }

    @Test
    void givesUpWhenTheTimeIsOver() {
        try (Inference inference = inference(64, Duration.ofNanos(1))) {
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
            inference.answer(CLIENT, model, Task.EMBED, List.of(text(1000))).join();
            return "answered";
        } catch (UnavailableException | CompletionException thrown) {
            UnavailableException e =
                    (UnavailableException) (thrown instanceof CompletionException ? thrown.getCause() : thrown);
            return e.reason() + (e.retryAfter().toSeconds() >= 1 ? ", try again" : "");
        }
    }
}
