package org.linformer.zoo.start;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.WeightPieces;
import org.linformer.zoo.train.Recipe;
import org.linformer.zoo.train.Updates;

/**
 * Writes the packaged models that start from MiniLM, of which the sources hold the updates alone, and cuts the weights
 * of all into pieces. The build runs it.
 */
final class PackagedModels {

    private PackagedModels() {}

    /**
     * Writes each model that is not there yet, or whose sources or whose start, the jar, are newer.
     *
     * @param arguments the jar that {@link MiniLm} reads, the folder of the models' sources and the folder of the
     *     models
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        Path jar = Path.of(arguments[0]);
        Path models = Path.of(arguments[2]);
        try (Stream<Path> folders = Files.list(Path.of(arguments[1]))) {
            for (Path source : folders.sorted().toList()) {
                write(jar, source, models.resolve(source.getFileName()));
            }
        }
        WeightPieces.cut(models);
    }

    private static void write(Path jar, Path source, Path model) throws IOException {
        Path config = model.resolve(ModelConfig.FILE);
        List<Path> sources;
        try (Stream<Path> files = Files.list(source)) {
            sources = files.toList();
        }
        if (Files.exists(config)) {
            FileTime written = Files.getLastModifiedTime(config);
            if (isOlder(sources, written) && isOlder(List.of(jar), written)) {
                return;
            }
        }
        Files.deleteIfExists(config);
        for (Path file : sources) {
            if (!file.endsWith(Updates.FILE)) {
                Files.createDirectories(model);
                Files.copy(file, model.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        MiniLmStart.write(jar, source.resolve(Recipe.FILE), source.resolve(Updates.FILE), model);
    }

    private static boolean isOlder(List<Path> files, FileTime time) throws IOException {
        for (Path file : files) {
            if (Files.getLastModifiedTime(file).compareTo(time) >= 0) {
                return false;
            }
        }
        return true;
    }
}
