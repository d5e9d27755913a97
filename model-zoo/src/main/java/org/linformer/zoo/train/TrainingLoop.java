package org.linformer.zoo.train;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.zoo.ModelConfig;

/**
 * The course of every training: steps, checks in between, and a checkpoint at least every ten minutes, from which it
 * goes on when it is run again.
 */
final class TrainingLoop {

    private static final String CHECKPOINT = "checkpoint";
    private static final long NANOS_BETWEEN_CHECKPOINTS = TimeUnit.MINUTES.toNanos(10);

    /** What differs from one training to another. */
    interface Task {

        /** Adds up the gradients of a step's mean loss. */
        Step step(int number);

        /** What is told of a step. */
        default String tell(float loss) {
            return "loss %.4f".formatted(loss);
        }

        /**
         * Measures the model on what it does not learn from, and tells of it.
         *
         * @param step the step that it follows
         * @param meanLoss of the steps since the last check
         * @return a figure that is higher for a better model
         */
        double check(int step, double meanLoss) throws IOException;
    }

    /** A step's mean loss, and the tokens that it read. */
    record Step(float loss, long tokens) {}

    private final Start start;
    private final Checkpoint found;
    private final Path out;
    private final PrintStream progress;
    private final BooleanSupplier stopped;

    /**
     * Prepares the course.
     *
     * @param start where it starts
     * @param data files of the texts
     * @param out folder of the best weights and of the checkpoint
     * @param progress where progress is told
     * @param stopped asked after each step whether to stop
     * @throws IllegalArgumentException if the folder has a checkpoint of another training
     */
    TrainingLoop(Start start, List<Path> data, Path out, PrintStream progress, BooleanSupplier stopped)
            throws IOException {
        this.start = start;
        this.out = Files.createDirectories(out);
        found = Checkpoint.read(out.resolve(CHECKPOINT), start.identity(data));
        this.progress = progress;
        this.stopped = stopped;
    }

    /**
     * Goes on to the end, or until it is stopped.
     *
     * @param block the model
     * @param trained what is trained in it
     * @param optimizer of that
     * @param steps number of steps
     * @param checks number of checks, evenly spread, the last one at the end; the best state is kept
     * @param schedule the course of the learning rates, and when it ends
     * @param task what is done in them
     * @return where the training stands
     * @throws IllegalArgumentException if the loss grows beyond all bounds
     */
    Checkpoint run(
            EncoderModel block, Trained trained, AdamW optimizer, int steps, int checks, Schedule schedule, Task task)
            throws IOException {
        Path folder = out.resolve(CHECKPOINT);
        Checkpoint at = found;
        if (at.step() > 0) {
            Checkpoint.restore(folder, trained.weights(), optimizer);
            progress.println("goes on after step " + at.step());
        }
        trained.merge();
        LossCurve curve = new LossCurve(out, at.step());
        Meter meter = new Meter(progress, at, steps);
        double losses = 0;
        int unchecked = 0;
        long saved = System.nanoTime();
        while (!schedule.isOver(at, steps, checks)) {
            int number = at.step() + 1;
            start.seedDropout(number);
            Step step = task.step(number);
            if (!Float.isFinite(step.loss())) {
                throw new IllegalArgumentException(
                        "loss must be finite, but is %s in step %d: lower the learning rates. The last checkpoint stands, if there is one"
                                .formatted(step.loss(), number));
            }
            trained.step(optimizer, number, schedule.share(number, steps));
            curve.add(number, step.loss());
            losses += step.loss();
            unchecked++;
            at = meter.after(at, () -> task.tell(step.loss()), step.tokens());
            boolean isStopped = stopped.getAsBoolean();
            boolean isCheck = Schedule.isCheck(number, steps, checks);
            if (!isCheck && (isStopped || System.nanoTime() - saved > NANOS_BETWEEN_CHECKPOINTS)) {
                at.save(folder, trained.weights(), optimizer);
                saved = System.nanoTime();
            }
            if (isCheck) {
                long began = System.nanoTime();
                double score = task.check(number, losses / unchecked);
                if (score > at.bestScore()) {
                    keep(block, trained);
                    at = at.withBest(number, score);
                }
                at.save(folder, trained.weights(), optimizer);
                saved = System.nanoTime();
                curve.draw();
                losses = 0;
                unchecked = 0;
                meter.leaveOut(System.nanoTime() - began);
            }
            boolean isOver = schedule.isOver(at, steps, checks);
            if (isOver && number < steps) {
                progress.println(
                        "ends after step %d, as no check behind step %d was better".formatted(number, at.bestAt()));
            }
            if (isStopped && !isOver) {
                progress.println("stopped after step %d; the same command goes on from there".formatted(number));
                break;
            }
        }
        return at;
    }

    private void keep(EncoderModel block, Trained trained) throws IOException {
        if (start.isFromNothing()) {
            Weights.save(block, out.resolve(ModelConfig.WEIGHTS), DataType.FLOAT16);
        } else {
            trained.save(out.resolve(Updates.FILE));
        }
    }
}
