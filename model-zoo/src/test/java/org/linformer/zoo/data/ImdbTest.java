package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.Gson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Forty reviews in the order of the package: ten each of test/neg, train/neg, test/pos and train/pos. */
class ImdbTest {

    private static final List<String> PARTS = List.of("test/neg", "train/neg", "test/pos", "train/pos");
    private static final int SIZE = 10;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final List<String> texts = new ArrayList<>();

    @TempDir
    private Path folder;

    ImdbTest() {
        for (String part : PARTS) {
            for (int i = 0; i < SIZE; i++) {
                texts.add("Film %d of %s was seen".formatted(i, part));
            }
        }
    }

    private void replace(String part, int index, String text) {
        texts.set(SIZE * PARTS.indexOf(part) + index, text);
    }

    private void prepare() throws Exception {
        prepare(new Gson()
                .toJson(texts.stream().map(text -> Map.of("t", text, "s", 0)).toList()));
    }

    private void prepare(String reviews) throws Exception {
        Imdb.prepare(
                folder,
                new PrintStream(printed, true, StandardCharsets.UTF_8),
                TestArchive.write(folder, Map.of("package/reviews.json", reviews)));
    }

    private List<Example> read(String split) throws IOException {
        return Example.read(folder.resolve(split + ".jsonl"));
    }

    @Test
    void tellsTheOfficialSplitFromTheOrder() throws Exception {
        prepare();

        assertThat(read("test"))
                .hasSize(2 * SIZE)
                .startsWith(new Example("imdb/test/neg/0", "Film 0 of test/neg was seen", "neg"))
                .endsWith(new Example("imdb/test/pos/9", "Film 9 of test/pos was seen", "pos"))
                .allMatch(review -> review.id().startsWith("imdb/test/"));
        assertThat(read("train"))
                .hasSize(2 * (SIZE - 1))
                .startsWith(new Example("imdb/train/neg/0", "Film 0 of train/neg was seen", "neg"))
                .endsWith(new Example("imdb/train/pos/8", "Film 8 of train/pos was seen", "pos"))
                .allMatch(review -> review.id().startsWith("imdb/train/"));
    }

    @Test
    void validatesWithTheEndOfEachClassOfTheTrainPart() throws Exception {
        prepare();

        assertThat(read("validation"))
                .containsExactly(
                        new Example("imdb/train/neg/9", "Film 9 of train/neg was seen", "neg"),
                        new Example("imdb/train/pos/9", "Film 9 of train/pos was seen", "pos"));
    }

    @Test
    void removesFromTrainAndValidationWhatIsInAnotherPart() throws Exception {
        replace("test/neg", 3, "So dull that I slept");
        replace("train/neg", 5, "so dull, that I slept!");
        replace("train/pos", 9, "So dull that I slept.");
        replace("train/pos", 2, "FILM 9 of train/neg was seen");

        prepare();

        assertThat(read("test")).hasSize(2 * SIZE);
        assertThat(read("validation")).extracting(Example::id).containsExactly("imdb/train/neg/9");
        assertThat(read("train"))
                .extracting(Example::id)
                .hasSize(2 * (SIZE - 1) - 2)
                .doesNotContain("imdb/train/neg/5", "imdb/train/pos/2");
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "40 reviews",
                        "train: 16 without near duplicates",
                        "validation: 1 without near duplicates",
                        "test: 20 without near duplicates");
    }

    @Test
    void keepsTheTestPartAsOthersMeasureOnIt() throws Exception {
        replace("test/neg", 3, "So dull that I slept");
        replace("test/pos", 4, "So dull that I slept");

        prepare();

        assertThat(read("test")).hasSize(2 * SIZE);
    }

    @Test
    void readsTheMarkOfALineBreakAsOne() throws Exception {
        replace("test/neg", 0, "Dull.<br /><br />And  long.<br />");

        prepare();

        assertThat(read("test")).first().isEqualTo(new Example("imdb/test/neg/0", "Dull.\n\nAnd long.", "neg"));
    }

    @Test
    void refusesAnArchiveThatIsNotFourPartsOfOneSize() {
        texts.remove(0);

        assertThatIllegalArgumentException()
                .isThrownBy(this::prepare)
                .withMessage(
                        "%s must hold 4 parts of as many reviews in package/reviews.json, but has 39 reviews",
                        folder.resolve("bakers-bread-1.0.0.tgz"));
        assertThatIllegalArgumentException().isThrownBy(() -> prepare("[]")).withMessageEndingWith("but has 0 reviews");
        assertThat(folder).isDirectoryNotContaining("glob:**.jsonl");
    }

    @Test
    void namesTheFileWhoseReviewHasNoText() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare("[{\"s\": 1}]"))
                .withMessage("package/reviews.json: Review must have the key t, but has only [s]");
    }
}
