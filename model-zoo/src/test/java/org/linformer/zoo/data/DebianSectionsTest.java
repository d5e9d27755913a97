package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With an index that lies in the folder already, so that nothing is fetched. */
class DebianSectionsTest {

    /** 24 words. */
    private static final String ABOUT =
            "%s is for those who bake at home and want to know when the dough has rested for"
                    + " long enough in a cold kitchen at night.";

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final StringBuilder packages = new StringBuilder();
    private final StringBuilder translations = new StringBuilder();

    @TempDir
    private Path folder;

    private Path index;

    @BeforeEach
    void makeTheFolderOfTheIndex() throws IOException {
        index = Files.createDirectory(folder.resolve("index"));
    }

    private void add(String fields, String synopsis, String description) {
        String md5 = "%032d".formatted(packages.length());
        packages.append("%s%nDescription-md5: %s%n%n".formatted(fields, md5));
        translations.append("Package: any%nDescription-md5: %s%nDescription-en: %s%n %s%n%n"
                .formatted(md5, synopsis, description.replace("\n", "\n ")));
    }

    private void add(String name, String source, String section, String description) {
        add(
                "Package: %s\nSource: %s\nSection: %s".formatted(name, source, section),
                "%s for bakers".formatted(name),
                description);
    }

    private void writeIndex() throws IOException {
        Files.writeString(index.resolve("archive_main_binary-any_Packages"), packages);
        Files.writeString(index.resolve("archive_main_i18n_Translation-en"), translations);
    }

    private List<DebianPackage> read() throws IOException {
        writeIndex();
        return DebianPackage.read(index);
    }

    private void prepare() throws Exception {
        writeIndex();
        DebianSections.prepare(folder, new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    private List<Example> examples() throws IOException {
        List<Example> examples = new ArrayList<>();
        for (Split split : Split.values()) {
            examples.addAll(Example.read(split.file(folder)));
        }
        return examples;
    }

    @Test
    void readsAPackageAndTheSourceThatItIsBuiltFrom() throws IOException {
        add("Package: rye\nSource: bread (2:1.0-3)\nSection: utils", "bakes rye bread", "It bakes.");
        add("Package: oven\nVersion: 1\nSection: admin", "heats up", "It heats:\nslowly.");

        assertThat(read())
                .containsExactly(
                        new DebianPackage("rye", "bread", "utils", "bakes rye bread", "It bakes."),
                        new DebianPackage("oven", "oven", "admin", "heats up", "It heats: slowly."));
    }

    @Test
    void joinsTheLinesOfAParagraphAndOfNothingElse() throws IOException {
        add(
                "Package: rye\nSection: utils",
                "bakes",
                "Rye\nand wheat.\n.\nIt knows\nhow to\n  * knead\n  * bake\nand more.");

        assertThat(read())
                .extracting(DebianPackage::description)
                .containsExactly("Rye and wheat.\n\nIt knows how to\n* knead\n* bake\nand more.");
    }

    @Test
    void leavesOutAPackageThatNobodyDescribed() throws IOException {
        add("Package: rye\nSection: utils", "bakes", "It bakes.");
        packages.append("Package: mill\nSection: utils\nDescription-md5: ffff\n\nPackage: oven\nSection: utils\n");

        assertThat(read()).extracting(DebianPackage::name).containsExactly("rye");
    }

    @Test
    void takesOnePackageOfEachSource() throws Exception {
        add("bread-common", "bread", "utils", ABOUT.formatted("A much longer text about what is common"));
        add("bread", "bread", "utils", ABOUT.formatted("Bread"));
        add("bread-extra", "bread", "utils", ABOUT.formatted("A much longer text about what is extra"));
        add("liboven1", "oven", "libs", ABOUT.formatted("The library"));
        add("oven-tools", "oven", "admin", ABOUT.formatted("The set of tools that comes with it") + " It is hot.");

        prepare();

        assertThat(examples())
                .extracting(Example::id, Example::label)
                .containsExactlyInAnyOrder(tuple("deb/bread", "utils"), tuple("deb/oven", "admin"));
        assertThat(examples()).extracting(Example::text).contains("bread for bakers\n\n" + ABOUT.formatted("Bread"));
    }

    @Test
    void leavesOutSectionsWithoutASubjectAndShortDescriptions() throws Exception {
        add("rye", "rye", "utils", ABOUT.formatted("Rye"));
        add("rye-doc", "rye-doc", "doc", ABOUT.formatted("A book about the grain"));
        add("rye-misc", "rye-misc", "misc", ABOUT.formatted("A bag of this and of that, which nobody sorted,"));
        add("mill", "mill", "utils", "It mills.");

        prepare();

        assertThat(examples()).extracting(Example::id).containsExactly("deb/rye");
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .startsWith("4 packages", "1 examples, 1 without near duplicates");
    }

    @Test
    void pairsASynopsisWithItsDescriptionInSectionsThatAreNoClassToo() throws Exception {
        add("rye-misc", "rye-misc", "misc", ABOUT.formatted("Rye"));
        add("rye-doc", "rye-doc", "doc", ABOUT.formatted("A book about the grain"));
        add("Package: oven\nSection: utils", "an oven", ABOUT.formatted("Heat that is as even as can be"));

        prepare();

        Path pairs = folder.resolve("pairs-%s.jsonl".formatted(Split.of("deb/rye-misc")));
        assertThat(Pair.read(pairs))
                .containsExactly(new Pair("deb/rye-misc", "rye-misc for bakers", ABOUT.formatted("Rye")));
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("1 pairs, 1 without near duplicates");
    }

    @Test
    void namesTheParagraphThatLacksAField() {
        add("Package: rye\nSection: utils", "bakes", "It bakes.");
        add("Package: oven", "heats", "It heats.");

        assertThatIllegalArgumentException()
                .isThrownBy(this::read)
                .withMessage(
                        "%s, line 5 must be a package with the field Section, but has only [Description-md5, Package]",
                        index.resolve("archive_main_binary-any_Packages"));
    }

    @Test
    void namesTheLineThatIsNoField() {
        packages.append("Package: rye\nhalf a li");

        assertThatIllegalArgumentException()
                .isThrownBy(this::read)
                .withMessage(
                        "%s, line 2 must be a field and its value, but is half a li",
                        index.resolve("archive_main_binary-any_Packages"));
    }

    @Test
    void refusesAnIndexWithoutDescriptions() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DebianPackage.read(index))
                .withMessage(
                        "%s must hold files like *_Translation-en, but has none. Delete the folder to fetch it again",
                        index);
    }
}
