package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.zoo.Sha256;

class OwnTextsTest {

    private static final String NUMBERS = IntStream.range(0, 20)
            .mapToObj(i -> i + " of a kind," + (i % 2 == 0 ? "even" : "odd") + "\n")
            .collect(Collectors.joining());

    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private List<String> prepare(Path file) throws IOException {
        OwnTexts texts = OwnTexts.read(file, new PrintStream(progress));
        texts.write(folder.resolve("data"), new PrintStream(progress));
        return texts.labels();
    }

    private List<Example> written() throws IOException {
        List<Example> all = new ArrayList<>();
        for (String split : List.of("train", "validation", "test")) {
            all.addAll(Example.read(folder.resolve("data").resolve(split + ".jsonl")));
        }
        return all;
    }

    @Test
    void readsCsvAsRfc4180HasIt() throws Exception {
        Path file = write(
                "numbers.csv",
                "\uFEFFlabel,text,note\r\nodd,\"he said \"\"one, two\"\",\nand left\",x\r\n"
                        + IntStream.range(0, 20)
                                .mapToObj(i -> (i % 2 == 0 ? " even" : "odd") + "," + i + " of a kind,\r\n")
                                .collect(Collectors.joining()));

        List<String> labels = prepare(file);

        assertThat(labels).containsExactly("even", "odd");
        assertThat(written())
                .hasSize(21)
                .contains(new Example("numbers.csv:2", "he said \"one, two\",\nand left", "odd"))
                .contains(new Example("numbers.csv:4", "0 of a kind", "even"))
                .contains(new Example("numbers.csv:23", "19 of a kind", "odd"));
        assertThat(progress.toString(StandardCharsets.UTF_8)).startsWith("21 texts, 21 without near duplicates");
    }

    @Test
    void readsJsonLines() throws Exception {
        Path file = write(
                "numbers.jsonl",
                IntStream.range(0, 20)
                        .mapToObj(i ->
                                "{\"text\": \"%d of a kind\", \"label\": %d, \"by\": \"me\"}\n".formatted(i, i % 2))
                        .collect(Collectors.joining()));

        assertThat(prepare(file)).containsExactly("0", "1");

        assertThat(written()).hasSize(20).contains(new Example("numbers.jsonl:8", "7 of a kind", "1"));
    }

    @Test
    void splitsByTheHashOfTheTextAlone() throws Exception {
        prepare(write("a.csv", "text,label\n" + NUMBERS));
        List<String> before = texts("test");
        prepare(write(
                "b.csv",
                "label,text\neven,a new one\n" + "odd,another one\n"
                        + NUMBERS.lines()
                                .map(line -> line.split(",")[1] + "," + line.split(",")[0] + "\n")
                                .collect(Collectors.joining())));

        assertThat(texts("test")).containsAll(before);
        assertThat(Stream.concat(texts("train").stream(), texts("validation").stream()))
                .doesNotContainAnyElementsOf(before);
    }

    private List<String> texts(String split) throws IOException {
        return Example.read(folder.resolve("data").resolve(split + ".jsonl")).stream()
                .map(Example::text)
                .toList();
    }

    @Test
    void leavesNearDuplicatesOut() throws Exception {
        prepare(write("a.csv", "text,label\n" + NUMBERS + "0 OF A KIND!,odd\n"));

        assertThat(written()).hasSize(20).extracting(Example::id).doesNotContain("a.csv:22");
        assertThat(progress.toString(StandardCharsets.UTF_8)).startsWith("21 texts, 20 without near duplicates");
    }

    @Test
    void tellsOfTextsThatStandThereWithTwoLabels() throws Exception {
        prepare(write("a.csv", "text,label\n" + NUMBERS + "0 of a kind,odd\n"));

        assertThat(written()).contains(new Example("a.csv:2", "0 of a kind", "even"));
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("texts that stand there with different labels: 1; the first of each is taken");
    }

    @Test
    void namesFileLineAndReasonOfWhatIsWrong() throws Exception {
        String start = "text,label\n\"two\nlines\",odd\n";

        assertRefused("a.csv", start + ",odd\n", ", line 4 must have a text, but has an empty one");
        assertRefused("a.csv", start + "good, \n", ", line 4 must have a label, but has an empty one");
        assertRefused("a.csv", start + "good\n", ", line 4 must have 2 columns as the first line has, but has 1");
        assertRefused("a.csv", start + "a, b,odd\n", ", line 4 must have 2 columns as the first line has, but has 3");
        assertRefused(
                "a.csv",
                "Text;label\ngood;odd\n",
                ", line 1 must name the columns text and label, but names [Text;label]");
        assertRefused("a.csv", "", ", line 1 must name the columns text and label, but names []");
        assertRefused(
                "a.csv", start + "\"open,odd\n", " must be CSV by RFC 4180, but is not: (startline 4) EOF reached");
        assertRefused("a.csv", start + "\"a\"b,odd\n", " must be CSV by RFC 4180, but is not: Invalid character");
        assertRefused(
                "a.jsonl",
                "{\"text\": \"good\"}\n",
                ", line 1 must have the key label with a string, but has only [text]");
        assertRefused(
                "a.jsonl", "{\"text\": \"\", \"label\": \"odd\"}\n", ", line 1 must have a text, but has an empty one");
        assertRefused(
                "a.csv",
                "text,label\n" + NUMBERS.replace("even", "odd"),
                " must have two labels or more, but has [odd]");
        assertRefused(
                "a.csv",
                "text,label\n" + NUMBERS + "prime,prime\n",
                " must have at least 10 different texts of each label, but has 1 of prime");
        assertRefused(
                "a.csv",
                "text,label\n" + NUMBERS + "0 OF A KIND!,zero\n",
                " must have at least 10 different texts of each label, but has 0 of zero");
        Path latin1 = folder.resolve("b.csv");
        Files.write(latin1, (start + "caf\u00e9,odd\n").getBytes(StandardCharsets.ISO_8859_1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare(latin1))
                .withMessage(latin1 + ", line 4 must be UTF-8, but is not");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare(write("a.xlsx", "")))
                .withMessage("texts must be a file .csv or .jsonl, but are " + folder.resolve("a.xlsx"));
        assertThat(folder.resolve("data")).doesNotExist();
    }

    @Test
    void refusesSoFewTextsThatNoneIsForValidation() throws Exception {
        String lines = IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> Sha256.of("text " + i).replaceAll("(.{8})(?=.)", "$1 "))
                .filter(text -> Split.of(text) != Split.VALIDATION)
                .limit(30)
                .map(text -> "%s,%s%n".formatted(text, text.charAt(0) < '8' ? "low" : "high"))
                .collect(Collectors.joining());

        assertRefused(
                "a.csv",
                "text,label\n" + lines,
                " must have a text for validation, but has none: the hash of a text decides, and more texts help");
    }

    private void assertRefused(String name, String text, String message) throws IOException {
        Path file = write(name, text);
        assertThatIllegalArgumentException().isThrownBy(() -> prepare(file)).withMessageStartingWith(file + message);
    }
}
