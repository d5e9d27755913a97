package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.attention.TorchScript;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.Truncation;

class AnswerTextsTest {

    private static final String SPAM =
            "You have been selected to receive a FREE cash prize. Click here to claim your guaranteed winnings now!";
    private static final String HAM =
            "The patch that you sent yesterday fails to apply on the current tree. Could you rebase it, please?";

    private final PrintStream realErr = System.err;
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private Path out;

    @BeforeEach
    void listen() {
        out = folder.resolve("out/answers.jsonl");
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void stopListening() {
        System.setErr(realErr);
    }

    private int embed(Path input, String... options) {
        return run("embed", input, options);
    }

    private int run(String command, Path input, String... options) {
        err.reset();
        List<String> arguments =
                new ArrayList<>(List.of(command, "spam-linformer", input.toString(), "--out", out.toString()));
        arguments.addAll(List.of(options));
        return Main.run(arguments.toArray(String[]::new));
    }

    private String said() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private List<JsonObject> answers() throws IOException {
        return Files.readAllLines(out).stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    private List<String> ids() throws IOException {
        return answers().stream().map(answer -> answer.get("id").getAsString()).toList();
    }

    private Path write(String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    /** Texts of many lengths, so that batches are not in the order of the texts. */
    private Path manyTexts(int texts) throws IOException {
        return write(
                "many.jsonl",
                IntStream.range(0, texts)
                        .mapToObj(i -> "{\"id\": \"text %d\", \"text\": \"%s\"}\n"
                                .formatted(i, ("offer " + i + " ends. ").repeat(1 + i * 11 % 17)))
                        .collect(Collectors.joining()));
    }

    @Test
    void embedsFoldersFilesAndJsonLinesInTheirOrder() throws Exception {
        write("in/z.txt", HAM);
        write("in/deep/a.txt", SPAM.repeat(20));
        write("in/lines.jsonl", "\uFEFF{\"body\": \"%s\", \"id\": 7}\n{\"body\": \"short\"}\n".formatted(SPAM));
        Path single = write("single.md", "naïve café 🍞");

        assertThat(embed(folder.resolve("in"), single.toString(), "--field", "body"))
                .as(said())
                .isZero();

        assertThat(ids()).containsExactly("deep/a.txt", "7", "lines.jsonl:2", "z.txt", single.toString());
        try (TextModel<float[]> model = new TextModel<>("spam-linformer", float[].class)) {
            float[] expected = model.answer(List.of(model.tokenize(HAM, Truncation.NONE)), 4096)
                    .get(0);
            JsonObject line = answers().get(3);
            JsonArray actual = line.getAsJsonArray("embedding");
            assertThat(actual.size()).isEqualTo(expected.length);
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual.get(i).getAsFloat()).isEqualTo(expected[i], within(1e-4f));
            }
            assertThat(line.get("tokens").toString())
                    .isEqualTo("{\"read\":%1$d,\"total\":%1$d,\"truncated\":false}"
                            .formatted(model.tokenize(HAM, Truncation.NONE).read()));
        }
    }

    @Test
    void computesInThePrecisionThatIsWanted() throws Exception {
        Path text = write("text.txt", HAM);
        assertThat(embed(text)).as(said()).isZero();
        float[] whole = vector();
        Files.delete(out);
        assertThat(embed(text, "--precision", "bfloat16")).as(said()).isZero();
        float[] half = vector();

        double likeness = IntStream.range(0, whole.length)
                .mapToDouble(i -> whole[i] * half[i])
                .sum();
        assertThat(likeness).isGreaterThan(0.999);
        if (TorchScript.isBfloat16Fast(Device.cpu())) {
            assertThat(half).isNotEqualTo(whole);
        } else {
            assertThat(half).containsExactly(whole, within(1e-5f));
        }
    }

    private float[] vector() throws IOException {
        JsonArray vector = answers().get(0).getAsJsonArray("embedding");
        float[] numbers = new float[vector.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = vector.get(i).getAsFloat();
        }
        return numbers;
    }

    @Test
    void classifiesWithAsManyLabelsAsAreWanted() throws Exception {
        Path texts = write("texts.jsonl", "{\"text\": \"%s\"}\n{\"text\": \"%s\"}\n".formatted(SPAM, HAM));

        assertThat(run("classify", texts)).isZero();

        assertThat(labels(answers().get(0))).containsExactly("spam", "ham");
        assertThat(labels(answers().get(1))).containsExactly("ham", "spam");

        Files.delete(out);
        assertThat(run("classify", texts, "--top-k", "1")).isZero();
        assertThat(labels(answers().get(1))).containsExactly("ham");
        assertThat(run("classify", texts, "--top-k", "0")).isEqualTo(1);
        assertThat(said()).startsWith("--top-k must be positive, but is 0");
    }

    private static List<String> labels(JsonObject answer) {
        return answer.getAsJsonArray("labels").asList().stream()
                .map(label -> label.getAsJsonObject().get("label").getAsString())
                .toList();
    }

    @Test
    void cutsATextThatIsTooLongAndSaysSo() throws Exception {
        Path text = write("long.txt", "word ".repeat(5_000));

        assertThat(embed(text, "--truncate", "end")).isZero();

        assertThat(answers().get(0).get("tokens").toString())
                .isEqualTo("{\"read\":4096,\"total\":5002,\"truncated\":true}");
    }

    @Test
    void goesOnAfterTheLastWholeLine() throws Exception {
        Path texts = manyTexts(60);
        embed(texts);
        List<JsonObject> expected = answers();
        List<String> lines = Files.readAllLines(out);
        Files.writeString(
                out,
                String.join("\n", lines.subList(0, 20)) + "\n" + lines.get(20).substring(0, 90));

        assertThat(embed(texts)).isZero();

        assertThat(said()).contains("goes on after text 20 of 60");
        assertThat(answers()).hasSize(60);
        assertThat(answers().subList(0, 20)).isEqualTo(expected.subList(0, 20));
        assertThat(ids())
                .isEqualTo(IntStream.range(0, 60).mapToObj(i -> "text " + i).toList());
        assertThat(answers())
                .extracting(answer -> answer.get("tokens"))
                .isEqualTo(expected.stream().map(answer -> answer.get("tokens")).toList());
    }

    @Test
    void goesOnBehindALineThatEndsWithinACharacter() throws Exception {
        Path texts = write("two.jsonl", "{\"id\": \"a\", \"text\": \"one\"}\n{\"id\": \"é\", \"text\": \"two\"}\n");
        embed(texts);
        byte[] whole = Files.readAllBytes(out);
        int second = Files.readAllLines(out).get(0).length() + 1;
        Files.write(out, Arrays.copyOf(whole, second + "{'id':'".length() + 1)); // half of the é

        assertThat(embed(texts)).as(said()).isZero();

        assertThat(said()).contains("goes on after text 1 of 2");
        assertThat(ids()).containsExactly("a", "é");
    }

    @Test
    void followsLinksToFolders() throws Exception {
        write("elsewhere/a.txt", HAM);
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("elsewhere"));
        write("in/B.JSONL", "{\"text\": \"short\"}\n");
        Files.createSymbolicLink(folder.resolve("in/sub"), folder.resolve("elsewhere"));

        assertThat(embed(folder.resolve("link"), folder.resolve("in").toString()))
                .as(said())
                .isZero();

        assertThat(ids()).containsExactly("a.txt", "B.JSONL:1", "sub/a.txt");
    }

    @Test
    void takesFilesOfOneNameWhoseLinesHaveIds() throws Exception {
        Path one = write("one/texts.jsonl", "{\"id\": \"a\", \"text\": \"good\"}\n")
                .getParent();
        Path other = write("other/texts.jsonl", "{\"id\": \"b\", \"text\": \"better\"}\n")
                .getParent();

        assertThat(embed(one, other.toString())).as(said()).isZero();

        assertThat(ids()).containsExactly("a", "b");
    }

    @Test
    void leavesAFileThatWasThereWhenItRefuses() throws Exception {
        Files.createDirectories(out.getParent());
        Files.createFile(out);

        assertThat(embed(write("blank.txt", " "))).isNotZero();

        assertThat(out).isEmptyFile();
    }

    @Test
    void saysWhyAModelGivesNoLabels() throws Exception {
        int result =
                Main.run("classify", "minilm-linformer-4k", write("a.txt", HAM).toString(), "--out", out.toString());

        assertThat(result).isNotZero();
        assertThat(said()).contains("minilm-linformer-4k must have a ClassifierHead");
    }

    @Test
    void leavesWholeLinesWhenItIsStopped() throws Exception {
        Path texts = manyTexts(20_000);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "embed",
                        "spam-linformer",
                        texts.toString(),
                        "--batch-tokens",
                        "128",
                        "--out",
                        out.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said.txt").toFile())
                .start();
        while (process.isAlive() && (Files.notExists(out) || Files.size(out) == 0)) {
            Thread.sleep(20);
        }
        process.destroy();
        process.waitFor();

        String written = Files.readString(out);
        assertThat(written).as(Files.readString(folder.resolve("said.txt"))).endsWith("}\n");
        assertThat(ids())
                .hasSizeLessThan(20_000)
                .isEqualTo(IntStream.range(0, ids().size())
                        .mapToObj(i -> "text " + i)
                        .toList());
    }

    @Test
    void refusesToGoOnWithAnotherFile() throws Exception {
        Path texts = manyTexts(3);
        embed(texts);
        String advice = ". Delete it, or choose another file for --out\n";

        String whole = Files.readString(out);
        Files.writeString(out, whole.replaceFirst("text 1", "text one"));
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(said())
                .startsWith(out + " line 2 must be of text 1 with the tokens {")
                .endsWith(", but is not" + advice);

        Files.writeString(out, whole.replaceFirst("\"read\":\\d+", "\"read\":2"));
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(said()).startsWith(out + " line 1 must be of text 0 with the tokens {");

        Files.writeString(out, "all my notes\n");
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(out).hasContent("all my notes\n");

        Files.writeString(out, whole + "a note without an end");
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(said()).isEqualTo(out + " must end with an answer, but does not" + advice);
        assertThat(out).hasContent(whole + "a note without an end");

        String other = "{\"id\":\"chat-1\",\"object\":\"an answer of something else\"}";
        for (String before : new String[] {"", whole.substring(0, whole.indexOf('\n') + 1)}) {
            Files.writeString(out, before + other);
            assertThat(embed(texts)).isEqualTo(1);
            assertThat(said())
                    .contains(out
                            + " must end in an answer to \"text %d\", but does not"
                                    .formatted(before.isEmpty() ? 0 : 1));
            assertThat(out).hasContent(before + other);
        }

        Files.writeString(out, whole + other);
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(said()).contains(out + " must end with the line 3, but goes on behind it");
        assertThat(out).hasContent(whole + other);

        Files.writeString(out, whole + whole);
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(said())
                .isEqualTo(out + " must have at most as many lines as the input has texts, 3, but has more" + advice);

        int last = whole.lastIndexOf("\"embedding\":[");
        Files.writeString(out, whole.substring(0, last) + whole.substring(last).replaceFirst("\\[-?[\\d.E-]+", "[0.9"));
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(said())
                .isEqualTo(out + " line 3 must be what this model and these options give, but is not" + advice);

        // less than bfloat16 changes, more than another batch does
        Files.writeString(out, whole);
        double right = answers().get(2).getAsJsonArray("embedding").get(0).getAsDouble();
        Files.writeString(
                out,
                whole.substring(0, last) + whole.substring(last).replaceFirst("\\[-?[\\d.E-]+", "[" + (right + 0.005)));
        assertThat(embed(texts, "--precision", "bfloat16")).as(said()).isZero();
        assertThat(embed(texts)).isEqualTo(1);
        assertThat(said()).contains("line 3 must be what this model and these options give, but is not");

        Files.writeString(out, whole);
        assertThat(run("classify", texts)).isEqualTo(1);
        assertThat(said()).contains("line 3 must be what this model and these options give, but is not");
        assertThat(out).hasContent(whole);
    }

    @Test
    void refusesABadInputBeforeAnythingIsWritten() throws Exception {
        Path file = write("texts.jsonl", "");
        String good = "{\"text\": \"good\"}\n";

        assertRefused(
                write("texts.jsonl", good + "{\"text\": \"open}\n"),
                file + ", line 2 must be a JSON object, but is not:");
        assertRefused(write("texts.jsonl", good + "\n"), file + ", line 2 must be a JSON object, but is empty");
        assertRefused(write("texts.jsonl", good + "[1]\n"), file + ", line 2 must be a JSON object, but is [1]");
        assertRefused(
                write("texts.jsonl", good + "{\"txt\": \"good\"}\n"),
                file + ", line 2 must have the key text with a string, but has only [txt]");
        assertRefused(
                write("texts.jsonl", good + "{\"text\": [\"good\"]}\n"),
                file + ", line 2 must have the key text with a string, but has [\"good\"]");
        assertRefused(
                write("texts.jsonl", good + "{\"text\": \"" + "word ".repeat(5_000) + "\"}\n"),
                file + ", line 2: text must be at most 4096 tokens, but is 5002. Shorten it, or take --truncate end");
        assertRefused(
                write("texts.jsonl", good + "{\"text\": \"half \\ud83d\"}\n"),
                file + ", line 2 must have whole characters under text, but has half a surrogate pair");
        assertRefused(
                write("texts.jsonl", good + "{\"text\": \" \"}\n"),
                file + ", line 2 must have a text, but has a blank one");
        Files.write(file, (good + "{\"text\": \"caf\u00e9\"}\n").getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(file, file + ", line 2 must be UTF-8, but is not");

        Path text = folder.resolve("text.txt");
        Files.write(text, "one\ntwo\ncaf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(text, text + ", line 3 must be UTF-8, but is not");
        assertRefused(
                write("text.txt", "word ".repeat(5_000)),
                text + ": text must be at most 4096 tokens, but is 5002. Shorten it, or take --truncate end");
        assertRefused(write("text.txt", "\n"), text + " must have a text, but has a blank one");
        assertRefused(
                folder.resolve("nowhere"),
                "NoSuchFileException: " + folder.resolve("nowhere") + ": an input must be a file or a folder");
        assertRefused(Files.createDirectory(folder.resolve("empty")), "inputs must hold a text, but hold none");
        Path one = write("one/a.txt", "good").getParent();
        Path other = write("other/a.txt", "better").getParent();
        assertRefused(
                one,
                "ids of files must differ, but a.txt is that of %s and of %s. Name a folder above both"
                        .formatted(one.resolve("a.txt"), other.resolve("a.txt")),
                other.toString());
        assertRefused(folder, "--out must not be among the inputs, but " + out + " is");
        assertRefused(
                write("text.txt", "good"),
                "precision must be one of [float32, bfloat16], but is int8",
                "--precision",
                "int8");
        assertRefused(write("text.txt", "good"), "--batch-tokens must be positive, but is 0", "--batch-tokens", "0");
    }

    private void assertRefused(Path input, String message, String... options) {
        assertThat(embed(input, options)).isEqualTo(1);
        assertThat(said().lines().toList()).last().asString().startsWith(message);
        assertThat(out).doesNotExist();
    }
}
