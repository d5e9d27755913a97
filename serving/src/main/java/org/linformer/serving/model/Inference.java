package org.linformer.serving.model;

import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.translate.TranslateException;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.RequestException;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.TokenizedText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of every text to a model: a bounded queue, and worker threads that take batches from it.
 *
 * <p>A batch forms of what waits while the workers are busy, so a lone text never waits for company. It starts with the
 * text that has waited longest, and takes in others of the same model and task that are nearest in length, as long as
 * the tokens with padding stay within the budget and the padding within {@value Batch#MOST_PADDING} of them.
 *
 * <p>On a CPU a batch of at most {@value #SHORT} tokens is short. The first worker takes batches of any length, and has
 * all cores for a long one, and for a short one that is alone; the other workers take short ones, with a share of the
 * cores each. So short texts do not wait behind a long one, and threads wait for each other only where there is enough
 * to share: with 8 callers, texts of 16 tokens were answered 1.7 times as fast by two threads side by side as by two
 * that share each batch (two cores).
 */
final class Inference implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Inference.class);
    private static final int SHORT = 2048;

    /** Tokens of a batch from which a second thread gains more than it costs. */
    private static final int WORTH_SHARING = 64;

    private static final Duration WARM_UP = Duration.ofMinutes(5);

    private final ServingProperties properties;
    private final MeterRegistry meters;
    private final Deque<Job> queue = new ArrayDeque<>();
    private final List<Thread> workers = new ArrayList<>();
    private final int cores = Runtime.getRuntime().availableProcessors();
    private final boolean isOnGpu = Engine.getInstance().defaultDevice().isGpu();
    private final Admission admission;
    private boolean isFirstIdle = true;
    private boolean stopping;

    Inference(ServingProperties properties, MeterRegistry meters) {
        this.properties = properties;
        this.meters = meters;
        admission = new Admission(properties, meters);
        meters.gauge("linformer.queue.depth", this, Inference::depth);
        meters.gauge("linformer.queue.tokens", this, Inference::queuedTokens);
        int most = properties.workers() > 0 ? properties.workers() : isOnGpu ? 1 : cores;
        for (int i = 0; i < most; i++) {
            boolean takesAll = i == 0 || isOnGpu;
            Thread worker = new Thread(() -> work(takesAll), "inference-" + i);
            // a start that fails ends the process, though workers run already
            worker.setDaemon(true);
            worker.setUncaughtExceptionHandler((thread, e) -> {
                // nobody would answer what waits; who supervises the process starts it again
                LOG.error("a thread that runs models ended", e);
                Runtime.getRuntime().halt(1);
            });
            workers.add(worker);
        }
        workers.forEach(Thread::start);
    }

    /** Batches that are computed at once. */
    int workers() {
        return workers.size();
    }

    /**
     * Asks a model for its answers to some texts, which are let in together or not at all.
     *
     * @param client asked from time to time whether it is still there, until the answers are complete
     * @return the answers in the order of the texts; fails with an {@link UnavailableException} if the time is over or
     *     the engine failed, and with a {@link ClientGoneException}
     * @throws RequestException if they alone take longer than there is time
     * @throws UnavailableException if the queue is full, or the service stops
     */
    CompletableFuture<List<Job.Done>> answer(Client client, LoadedModel model, Task task, List<TokenizedText> texts) {
        List<Job> jobs = jobs(client, model, task, texts);
        synchronized (this) {
            int tokens = Batch.tokens(jobs);
            requireRunning();
            admission.requireRoom(tokens);
            admission.requireRoom(model, tokens, queue);
            admit(jobs);
        }
        return answer(jobs, "serving.request-timeout", properties.requestTimeout());
    }

    /**
     * The same for a model's first answer, for which the engine compiles and allocates: it has more time, and a place
     * however many requests wait.
     */
    CompletableFuture<List<Job.Done>> warmUp(LoadedModel model, Task task, TokenizedText text) {
        List<Job> jobs = jobs(() -> false, model, task, List.of(text));
        admit(jobs);
        return answer(jobs, "time of a first answer", WARM_UP);
    }

    private static List<Job> jobs(Client client, LoadedModel model, Task task, List<TokenizedText> texts) {
        long now = System.nanoTime();
        return texts.stream()
                .map(text -> new Job(client, model, task, text, new CompletableFuture<>(), now))
                .toList();
    }

    private CompletableFuture<List<Job.Done>> answer(List<Job> jobs, String timeName, Duration time) {
        CompletableFuture<Void> all =
                CompletableFuture.allOf(jobs.stream().map(Job::answer).toArray(CompletableFuture[]::new));
        CompletableFuture<Void> failed = new CompletableFuture<>();
        jobs.forEach(job -> job.answer().exceptionally(failure -> fail(failed, failure)));
        // the first text that fails takes the others of its request along
        return CompletableFuture.anyOf(all, failed)
                .orTimeout(time.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((done, failure) -> leave(jobs))
                .thenApply(done -> jobs.stream().map(job -> job.answer().join()).toList())
                .exceptionally(failure -> {
                    throw gaveUp(failure, timeName, time);
                });
    }

    private static Job.@Nullable Done fail(CompletableFuture<Void> request, Throwable failure) {
        request.completeExceptionally(failure);
        return null;
    }

    private RuntimeException gaveUp(Throwable wrapped, String timeName, Duration time) {
        Throwable failure = wrapped.getCause();
        if (failure instanceof TimeoutException) {
            return admission.rejected(
                    UnavailableException.Reason.DEADLINE,
                    "answer must come within %s=%s, but did not".formatted(timeName, time),
                    Duration.ZERO);
        }
        if (failure instanceof ClientGoneException gone) {
            admission.clientGone();
            return gone;
        }
        return admission.rejected(
                UnavailableException.Reason.ENGINE, "the engine failed on this batch of texts", Duration.ofSeconds(1));
    }

    /**
     * Refuses at once, before its texts cost anything, a request that there is no room for.
     *
     * @throws UnavailableException if nothing more is let in
     */
    synchronized void requireRoom() {
        requireRunning();
        admission.requireRoom(0);
    }

    /** Refuses what is held back before the queue. */
    UnavailableException busy(String message) {
        return admission.rejected(UnavailableException.Reason.BUSY, message, Duration.ofSeconds(1));
    }

    private void requireRunning() {
        if (stopping) {
            throw admission.rejected(
                    UnavailableException.Reason.STOPPING, "the service is being stopped", Duration.ZERO);
        }
    }

    private synchronized void admit(List<Job> jobs) {
        requireRunning();
        jobs.forEach(job -> job.model().enter());
        queue.addAll(jobs);
        admission.entered(Batch.tokens(jobs));
        notifyAll();
    }

    /** What nobody waits for any more never reaches the engine, and its client is never asked again. */
    private synchronized void leave(List<Job> jobs) {
        admission.left();
        jobs.forEach(job -> job.answer().cancel(false));
    }

    private synchronized int depth() {
        return queue.size();
    }

    private synchronized int queuedTokens() {
        return admission.queuedTokens();
    }

    private void work(boolean takesAll) {
        // by default a thread that is not the engine's first keeps what a backward pass would need
        JniUtils.setGradMode(false);
        Map<LoadedModel, Map<Task, Predictor<TokenizedText, ?>>> predictors = new HashMap<>();
        // asked once, a thread keeps its own number: until then it would take the one that another worker has set last
        int threads = JniUtils.getNumThreads();
        try {
            for (Batch batch = take(takesAll); !batch.jobs().isEmpty(); batch = take(takesAll)) {
                predictors.keySet().removeIf(LoadedModel::isClosed);
                if (threads != batch.threads()) {
                    threads = batch.threads();
                    JniUtils.setNumThreads(threads); // those of the thread that calls it
                }
                run(predictors, batch);
                batch.jobs().forEach(job -> job.model().leave());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            predictors.values().forEach(byTask -> byTask.values().forEach(Predictor::close));
        }
    }

    /** The next batch; empty when the queue is empty and the service stops. */
    private synchronized Batch take(boolean takesAll) throws InterruptedException {
        isFirstIdle |= takesAll;
        while (true) {
            if (!takesAll && isFirstIdle && !stopping) {
                wait(); // the first one has more cores for a text that is alone
                continue;
            }
            failWhereTheClientHasGone();
            queue.removeIf(job -> {
                if (!job.answer().isDone()) {
                    return false;
                }
                admission.dropped(job.text().read());
                job.model().leave();
                return true;
            });
            List<Job> own = takesAll
                    ? List.copyOf(queue)
                    : queue.stream().filter(job -> job.text().read() <= SHORT).toList();
            if (!own.isEmpty()) {
                return take(takesAll, own);
            }
            if (stopping && queue.isEmpty()) {
                notifyAll(); // what another one waits for may be what has just been dropped
                return new Batch(List.of(), 1, 1);
            }
            wait();
        }
    }

    private Batch take(boolean takesAll, List<Job> own) {
        boolean isShort = !isOnGpu && workers.size() > 1 && own.get(0).text().read() <= SHORT;
        int share = Math.max(WORTH_SHARING, Batch.tokens(own) / workers.size());
        int most = isShort ? Math.min(SHORT, share) : Integer.MAX_VALUE;
        List<Job> jobs = Batch.next(own, Math.min(most, properties.maxBatchTokens()));
        Set<Job> taken = Collections.newSetFromMap(new IdentityHashMap<>());
        taken.addAll(jobs);
        queue.removeIf(taken::contains);
        int tokens = Batch.tokens(jobs);
        boolean isAlone = takesAll && queue.isEmpty() && admission.isIdle();
        admission.started(tokens);
        isFirstIdle &= !takesAll;
        notifyAll(); // the others may take now what the first one has left
        boolean isSideBySide = isShort && !isAlone;
        int mostThreads = isSideBySide ? Math.max(1, cores / workers.size()) : cores;
        return new Batch(jobs, tokens < WORTH_SHARING ? 1 : mostThreads, isOnGpu || isSideBySide ? workers.size() : 1);
    }

    private void failWhereTheClientHasGone() {
        Set<Client> gone = queue.stream()
                .filter(job -> !job.answer().isDone())
                .map(Job::client)
                .distinct()
                .filter(Client::isGone)
                .collect(Collectors.toSet());
        queue.stream()
                .filter(job -> gone.contains(job.client()))
                .forEach(job -> job.answer().completeExceptionally(new ClientGoneException()));
    }

    private void run(Map<LoadedModel, Map<Task, Predictor<TokenizedText, ?>>> predictors, Batch batch) {
        List<Job> jobs = batch.jobs();
        Job first = jobs.get(0);
        String model = first.model().config().name();
        String task = first.task().toString();
        long start = System.nanoTime();
        jobs.forEach(job -> Timer.builder("linformer.queue.time")
                .tags("model", model, "task", task)
                .publishPercentileHistogram()
                .register(meters)
                .record(start - job.queuedAt(), TimeUnit.NANOSECONDS));
        // both are there before the first failure, whose rise Prometheus would not see otherwise
        Timer succeeded = inferenceTime(model, task, "success");
        Timer failed = inferenceTime(model, task, "error");
        Timer timer = succeeded;
        long took;
        try {
            List<?> answers = predictors
                    .computeIfAbsent(first.model(), key -> new HashMap<>())
                    .computeIfAbsent(first.task(), first.model()::newPredictor)
                    .batchPredict(jobs.stream().map(Job::text).toList());
            took = System.nanoTime() - start;
            for (int i = 0; i < jobs.size(); i++) {
                Job job = jobs.get(i);
                job.answer().complete(new Job.Done(LoadedModel.values(answers.get(i)), start - job.queuedAt(), took));
            }
        } catch (TranslateException | RuntimeException | LinkageError | VirtualMachineError e) {
            // these callers hear of it, and the worker lives on
            took = System.nanoTime() - start;
            timer = failed;
            LOG.error(
                    "the engine failed on {} texts of at most {} tokens for {}",
                    jobs.size(),
                    batch.longest(),
                    model,
                    e);
            jobs.forEach(job -> job.answer().completeExceptionally(e));
        }
        timer.record(took, TimeUnit.NANOSECONDS);
        summary("linformer.batch.size", "texts", model).record(jobs.size());
        summary("linformer.batch.tokens", "tokens", model).record(batch.tokens());
        summary("linformer.batch.padding.ratio", "", model).record(batch.padding());
        ran(batch, took / 1e9, timer == succeeded);
    }

    private synchronized void ran(Batch batch, double seconds, boolean succeeded) {
        admission.ran(batch, seconds, succeeded);
    }

    private Timer inferenceTime(String model, String task, String outcome) {
        return Timer.builder("linformer.inference.time")
                .tags("model", model, "task", task, "outcome", outcome)
                .publishPercentileHistogram()
                .register(meters);
    }

    private DistributionSummary summary(String name, String unit, String model) {
        return DistributionSummary.builder(name)
                .baseUnit(unit.isEmpty() ? null : unit)
                .tags("model", model)
                .register(meters);
    }

    /** Answers what was let in, and lets nothing in any more. */
    @Override
    public void close() {
        synchronized (this) {
            stopping = true;
            notifyAll();
        }
        for (Thread worker : workers) {
            try {
                worker.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
