package org.linformer.benchmark;

import static org.linformer.benchmark.Benchmark.seconds;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What HTTP and the queue cost when nobody else asks. */
final class Overhead {

    private static final int ROUNDS = 5;

    /** Until then Java still compiles what answers a request. */
    private static final Duration WARM_UP = seconds(120);

    private static final String TEXT = """
            ## Overhead

            One client, texts of 16 tokens, after two minutes of the same: the median time of an answer as wrk sees it, and of tokenizer and
            model as the service tells it in `X-Tokenization-Time` and `X-Inference-Time`. What is between them is HTTP, JSON and the queue.

            """;

    private Overhead() {}

    static String run(List<String> settings) throws IOException, InterruptedException {
        Texts.write();
        StringBuilder section = new StringBuilder(TEXT)
                .append(Report.head("round", "p50, ms", "of these the engine, ms", "the rest, ms"));
        List<Double> rests = new ArrayList<>();
        try (Server server = Server.ours(settings)) {
            Wrk.closed(server, Texts.ofLength(16), 1, WARM_UP);
            for (int i = 1; i <= ROUNDS; i++) {
                Wrk round = Wrk.closed(server, Texts.ofLength(16), 1, seconds(10));
                double rest = round.p50() - round.engine50();
                rests.add(rest);
                section.append(Report.row(
                        i, Report.number(round.p50()), Report.number(round.engine50()), Report.number(rest)));
            }
        }
        return section.append(Report.row("median", "", "", Report.number(Report.median(rests))))
                .toString();
    }
}
