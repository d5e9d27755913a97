package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.Gson;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpamAssassinTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private void prepare(Map<String, String> entries) throws Exception {
        SpamAssassin.prepare(
                folder, new PrintStream(printed, true, StandardCharsets.UTF_8), TestArchive.write(folder, entries));
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
        // as they were sent, a quote and a footer made them differ, and this one be of more than two words
        entries.put(
                "package/data/easy-ham-1/00004.0a1b.json",
                mail(
                        "Rye",
                        "> Why did it not rise, and what would you do about that now?\n\nIt wants more time than in 1998."));
        entries.put("package/data/easy-ham-1/00003.0a1b.json", mail("", "Yes indeed\n-- \nA baker of the old mill"));
        entries.put("package/data/spam-2/00001.0a1b.json", mail("Flour", "Buy it now at http://mill.example.org/"));
        entries.put("package/data/hard-ham-1/00038.0a1b.json", mail("Oven", "Is yours hot enough?"));
        entries.put("package/data/easy-ham-2/00005.0a1b.json", mail("Re: Wheat", "What did www.mill.org say in 1999?"));
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
                .containsExactly(new Example("easy-ham-2/00005", "Wheat\n\nWhat did URL say in YEAR?", "ham"));
        assertThat(Example.read(folder.resolve("test-as-sent.jsonl")))
                .containsExactly(
                        new Example("easy-ham-2/00005", "Re: Wheat\n\nWhat did www.mill.org say in 1999?", "ham"));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "7 mails",
                        "6 of at least 3 words",
                        "4 without near duplicates",
                        "train: 1 ham, 1 spam",
                        "validation: 1 ham, 0 spam",
                        "test: 1 ham, 0 spam");
    }

    @Test
    void refusesAnArchiveWithoutMails() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare(Map.of("package/package.json", "{}")))
                .withMessage("%s must hold mails, but has none", folder.resolve("bakers-bread-1.0.0.tgz"));
    }

    @Test
    void namesTheEntryThatIsNoMail() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> prepare(Map.of("package/data/spam-1/00001.0a.json", "[]")))
                .withMessage("package/data/spam-1/00001.0a.json must be a JSON object with the key text, but is []");
    }
}
