package org.linformer.serving.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Texts that are computed at once, padded to the longest of them.
 *
 * @param jobs the texts
 * @param threads that compute them
 * @param sideBySide how many such batches there may be at once
 */
record Batch(List<Job> jobs, int threads, int sideBySide) {

    static final double MOST_PADDING = 0.15;

    /** The oldest of what waits, and what goes best with it. */
    static List<Job> next(List<Job> waiting, int maxTokens) {
        Job oldest = waiting.get(0);
        List<Job> batch = new ArrayList<>(List.of(oldest));
        int longest = oldest.text().read();
        int tokens = longest;
        List<Job> nearest = waiting.stream()
                .skip(1)
                .filter(oldest::goesWith)
                .sorted(Comparator.comparingInt(
                        job -> Math.abs(job.text().read() - oldest.text().read())))
                .toList();
        for (Job job : nearest) {
            int padded = Math.max(longest, job.text().read()) * (batch.size() + 1);
            int together = tokens + job.text().read();
            if (padded > maxTokens || padded - together > MOST_PADDING * padded) {
                break;
            }
            batch.add(job);
            longest = Math.max(longest, job.text().read());
            tokens = together;
        }
        return batch;
    }

    static int tokens(List<Job> jobs) {
        return jobs.stream().mapToInt(job -> job.text().read()).sum();
    }

    int tokens() {
        return tokens(jobs);
    }

    int longest() {
        return jobs.stream().mapToInt(job -> job.text().read()).max().orElse(0);
    }

    /** The share of the positions that is padding. */
    double padding() {
        return 1 - (double) tokens() / (longest() * jobs.size());
    }
}
