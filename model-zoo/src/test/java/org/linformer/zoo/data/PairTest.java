package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private void write(Pair... pairs) throws IOException {
        Pair.write(folder, List.of(pairs), Split::of, new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    /** The splits of these ids: SplitTest. */
    @Test
    void writesEachPairIntoTheFileOfItsSplit() throws IOException {
        Pair train = new Pair("bread/00017", "rye", "a dark bread with \"<café>\" on its crust");
        Pair validation = new Pair("bread/00006", "wheat", "a white bread for those who are in a hurry");
        Pair test = new Pair("bread/00009", "spelt", "an old grain that is sown again today");

        write(train, validation, test);

        assertThat(Pair.read(folder.resolve("pairs-train.jsonl"))).containsExactly(train);
        assertThat(Pair.read(folder.resolve("pairs-validation.jsonl"))).containsExactly(validation);
        assertThat(Pair.read(folder.resolve("pairs-test.jsonl"))).containsExactly(test);
        assertThat(folder).isDirectoryNotContaining("glob:**.unfinished");
    }

    @Test
    void keepsTheDocumentThatIsHeldOutOfTwoThatSayTheSame() throws IOException {
        write(new Pair("bread/00017", "rye", "a dark bread"), new Pair("bread/00009", "black bread", "A dark bread!"));

        assertThat(folder).isDirectoryNotContaining("glob:**/pairs-train.jsonl");
        assertThat(Pair.read(folder.resolve("pairs-test.jsonl")))
                .containsExactly(new Pair("bread/00009", "black bread", "A dark bread!"));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("2 pairs, 1 without near duplicates", "test: 1 pairs with different queries");
    }

    @Test
    void keepsOneOfTwoPairsThatAskTheSame() throws IOException {
        write(
                new Pair("bread/00017", "Rye", "a dark bread from the north"),
                new Pair("bread/00012", "rye", "the grain that feeds people where the soil is poor"));

        assertThat(Pair.read(folder.resolve("pairs-train.jsonl")))
                .extracting(Pair::id)
                .containsExactly("bread/00012");
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("train: 1 pairs with different queries");
    }

    @ParameterizedTest(name = "{0} words asked, {1} words found: {2}")
    @CsvSource({"2, 5, true", "1, 5, false", "2, 4, false", "25, 5, true", "26, 5, false", "0, 0, false"})
    void isUsableFromAndUpToACertainLength(int queryWords, int documentWords, boolean usable) {
        Pair pair = new Pair("bread/1", "rye ".repeat(queryWords), "bread ".repeat(documentWords));

        assertThat(pair.isUsable(2, 5)).isEqualTo(usable);
    }

    @Test
    void namesTheLineThatHasNoDocument() throws IOException {
        Path file = folder.resolve("pairs.jsonl");
        Files.writeString(file, """
                {"id":"bread/1","query":"rye","document":"a dark bread"}
                {"id":"bread/2","query":"wheat"}
                """);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pair.read(file))
                .withMessage(file + ", line 2: Pair must have the key document, but has only [id, query]");
    }
}
