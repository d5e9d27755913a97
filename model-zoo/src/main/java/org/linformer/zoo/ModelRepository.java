package org.linformer.zoo;

import ai.djl.Application;
import ai.djl.repository.AbstractRepository;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.util.Progress;
import ai.djl.util.Utils;
import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One model as a DJL repository: a packaged one ({@code linformer://NAME}), of which all but the weights is unpacked
 * into DJL's cache folder, or one in a folder of its own ({@code linformer:///FOLDER}), which is read where it is.
 *
 * <p>The place in the cache holds the hash of the configuration, so other weights are never taken for these, and a file
 * that was damaged there is unpacked again. The weights are read from the jar.
 */
final class ModelRepository extends AbstractRepository {

    static final String SCHEME = "linformer";

    /** Not in the zoo's class: DJL makes the zoo before that class has its constants. */
    static final List<String> PACKAGED =
            List.of("minilm-linformer-4k", "spam-linformer", "debian-topic", "imdb-sentiment");

    /** All but the weights, of which this is the list of their pieces. */
    private static final List<String> FILES = List.of(
            ModelConfig.FILE, ModelConfig.TOKENIZER, WeightPieces.LIST, "recipe.json", "metrics.json", "CARD.md");

    private final String model;
    private final @Nullable Path folder;

    ModelRepository(String name, URI uri) {
        super(name, uri);
        if (uri.getAuthority() != null) {
            folder = null;
            model = uri.getAuthority();
        } else if (uri.isOpaque() || uri.getRawPath().matches("/*")) {
            throw new IllegalArgumentException(noModel(uri.getSchemeSpecificPart()));
        } else {
            folder = Path.of(URI.create("file://" + uri.getRawPath()));
            model = folder.getFileName().toString();
        }
    }

    static String noModel(String place) {
        return "model must be one of %s, or a folder with a slash in its name, but is %s".formatted(PACKAGED, place);
    }

    static ModelRepository packaged(String name) {
        return new ModelRepository(name, URI.create(SCHEME + "://" + name));
    }

    /** For any application: a model that classifies embeds as well, and what is asked of it is told by the types. */
    MRL mrl() {
        return model(Application.UNDEFINED, LinformerModelZoo.GROUP_ID, model, null);
    }

    @Override
    public List<MRL> getResources() {
        return List.of(mrl());
    }

    @Override
    public boolean isRemote() {
        return false;
    }

    @Override
    public Metadata locate(MRL mrl) throws IOException {
        Artifact artifact = new Artifact();
        artifact.setName(model);
        Map<String, Object> values = new HashMap<>(arguments);
        values.put("blockFactory", ModelBlockFactory.class.getName());
        values.put("translatorFactory", TextTranslatorFactory.class.getName());
        artifact.setArguments(values);
        // the block comes with its weights: there is no .params file to look for
        artifact.setOptions(Map.of("hasParameter", "false"));
        Metadata metadata = new Metadata.MatchAllMetadata();
        metadata.setGroupId(mrl.getGroupId());
        metadata.setArtifactId(model);
        metadata.setRepositoryUri(URI.create(""));
        metadata.setArtifacts(List.of(artifact));
        return metadata;
    }

    @Override
    public Artifact resolve(MRL mrl, @Nullable Map<String, String> filter) throws IOException {
        return locate(mrl).getArtifacts().get(0);
    }

    @Override
    public Path getResourceDirectory(Artifact artifact) throws IOException {
        if (folder != null) {
            return folder;
        }
        try (InputStream config = open(ModelConfig.FILE)) {
            String hash = Sha256.of(config).substring(0, 16);
            return getCacheDirectory().resolve(SCHEME).resolve(model + "-" + hash);
        }
    }

    @Override
    public void prepare(Artifact artifact, @Nullable Progress progress) throws IOException {
        Path target = getResourceDirectory(artifact);
        if (folder != null) {
            if (!Files.isDirectory(folder)) {
                throw new NoSuchFileException(folder.toString(), null, "a model must be a folder");
            }
            return;
        }
        synchronized (ModelRepository.class) {
            if (!isWhole(target)) {
                unpackTo(target);
            }
        }
    }

    private void unpackTo(Path target) throws IOException {
        Files.createDirectories(target.getParent());
        Path unfinished = Files.createTempDirectory(target.getParent(), model);
        try {
            for (String file : FILES) {
                try (InputStream in = open(file)) {
                    Files.copy(in, unfinished.resolve(file));
                }
            }
            if (!isWhole(target)) { // another process may have been first
                Utils.deleteQuietly(target);
                Utils.moveQuietly(unfinished, target);
            }
        } finally {
            Utils.deleteQuietly(unfinished);
        }
    }

    /** Unpacks the weights too, for those who want files. */
    Path unpack() throws IOException {
        Artifact artifact = resolve(mrl(), null);
        prepare(artifact, null);
        Path target = getResourceDirectory(artifact);
        Path weights = target.resolve(ModelConfig.WEIGHTS);
        if (folder == null && !Files.exists(weights)) {
            Path unfinished = Files.createTempFile(target, ModelConfig.WEIGHTS, null);
            try {
                try (InputStream in = WeightPieces.open(target, ModelRepository::openPiece)) {
                    Files.copy(in, unfinished, StandardCopyOption.REPLACE_EXISTING);
                }
                Utils.moveQuietly(unfinished, weights);
            } finally {
                Utils.deleteQuietly(unfinished);
            }
        }
        return target;
    }

    /**
     * Opens the weights in a folder.
     *
     * @param folder a model's folder
     * @return their file, or where there is none but the list of its pieces, these from the jar
     * @throws IOException if there is neither
     */
    static InputStream weights(Path folder) throws IOException {
        Path file = folder.resolve(ModelConfig.WEIGHTS);
        return Files.exists(file)
                ? new BufferedInputStream(Files.newInputStream(file))
                : WeightPieces.open(folder, ModelRepository::openPiece);
    }

    /** The configuration vouches for weights and tokenizer; the other files are compared. */
    private boolean isWhole(Path target) {
        try {
            ModelConfig config = ModelConfig.read(target);
            config.verify(target);
            for (String file : FILES) {
                if (!config.sha256().containsKey(file)) {
                    try (InputStream in = open(file)) {
                        if (!Arrays.equals(in.readAllBytes(), Files.readAllBytes(target.resolve(file)))) {
                            return false;
                        }
                    }
                }
            }
            return true;
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }

    private static InputStream openPiece(String name) throws IOException {
        String resource = "models/" + WeightPieces.FOLDER + "/" + name;
        InputStream in = ModelRepository.class.getResourceAsStream(resource);
        if (in == null) {
            throw new FileNotFoundException(
                    "weights must lie in the jar, but their piece %s does not".formatted(resource));
        }
        return in;
    }

    private InputStream open(String file) throws IOException {
        InputStream in = ModelRepository.class.getResourceAsStream("models/" + model + "/" + file);
        if (in == null) {
            throw new FileNotFoundException(noModel(model));
        }
        return in;
    }
}
