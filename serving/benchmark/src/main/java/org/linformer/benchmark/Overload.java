package org.linformer.benchmark;

import static org.linformer.benchmark.Benchmark.seconds;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Ten times the requests that the service can answer, and what comes after. */
final class Overload {

    private static final int CLIENTS = 64;
    private static final int TIMES = 10;

    /** Many more than are let in by default, so that there is always one to send the next request. */
    private static final int CONNECTIONS = 512;

    private static final String TEXT = """
            ## Overload

            Texts of 128 tokens. *before*: %d clients, each of which sends its next text when it has its answer; the rate is the sustainable one.
            *overload*: %d times that rate, sent by the clock over %,d connections whatever the answers. *at once*: as before, in the
            moment when it ends, with its last texts still in the queue; *after*: the same again. Refused is what got 429; errors are all other answers than 200 and 429, and broken
            connections. p99 is that of the answers with 200, in the overload a bound above it. The first answer after the overload came after %d ms.

            """;

    private Overload() {}

    static String run(List<String> settings) throws IOException, InterruptedException {
        Texts.write();
        Path texts = Texts.ofLength(128);
        try (Server server = Server.ours(settings)) {
            Wrk.closed(server, texts, CLIENTS, seconds(10));
            server.awaitIdle();
            Wrk before = Wrk.closed(server, texts, CLIENTS, seconds(30));
            if (before.answered() == 0 || before.refused() > 0) {
                throw new IllegalStateException(
                        "%d clients must all be answered before the overload, but %d answers came and %d refusals"
                                .formatted(CLIENTS, before.answered(), before.refused()));
            }
            Wrk overload = Wrk.open(server, texts, CONNECTIONS, TIMES * before.rate(), seconds(120));
            long end = System.nanoTime();
            while (!server.answers()) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            long first = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - end);
            Wrk atOnce = Wrk.closed(server, texts, CLIENTS, seconds(10));
            server.awaitIdle();
            Wrk after = Wrk.closed(server, texts, CLIENTS, seconds(30));
            return TEXT.formatted(CLIENTS, TIMES, CONNECTIONS, first)
                    + Report.head("", "requests/s", "answered/s", "refused", "errors", "p99, ms", "p99/before")
                    + row("before", before, before)
                    + row("overload", overload, before)
                    + row("at once", atOnce, before)
                    + row("after", after, before);
        }
    }

    private static String row(String name, Wrk round, Wrk before) {
        return Report.row(
                name,
                Report.number((round.answered() + round.refused() + round.errors()) / round.seconds()),
                Report.number(round.rate()),
                "%,d".formatted(round.refused()),
                round.errors(),
                Report.number(round.p99()),
                "%.2f".formatted(round.p99() / before.p99()));
    }
}
