package org.linformer.serving.access;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.Sha256;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.stereotype.Component;

/**
 * The keys that clients may show, by their hashes in {@code serving.api-keys-file}. A change of the file counts from
 * the next request on; two keys may have one name, so that a client can go from one to the other.
 */
@Component
final class ApiKeys {

    private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
    private static final String PROPERTY = "serving.api-keys-file";
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final FileTime GONE = FileTime.fromMillis(0);

    private record Key(String name, String sha256) {}

    /** The keys of a file, and when the file was written that was looked at last. */
    private record Contents(FileTime modified, List<Key> keys) {}

    private final @Nullable Path file;
    private volatile Contents contents;

    ApiKeys(ServingProperties properties) {
        file = properties.apiKeysFile().isBlank() ? null : Path.of(properties.apiKeysFile());
        try {
            contents = file == null ? new Contents(GONE, List.of()) : new Contents(modified(file), read(file));
        } catch (IOException | IllegalArgumentException e) {
            throw new InvalidConfigurationPropertyValueException(PROPERTY, file, e.getMessage());
        }
    }

    /** Returns whether a key is asked for at all. */
    boolean required() {
        return file != null;
    }

    /** Returns the name beside a key, or null if nobody has that key. */
    @Nullable
    String nameOf(String key) {
        byte[] shown = Sha256.of(key).getBytes(StandardCharsets.US_ASCII);
        String name = null;
        for (Key known : keys()) {
            if (MessageDigest.isEqual(shown, known.sha256().getBytes(StandardCharsets.US_ASCII))) {
                name = known.name();
            }
        }
        return name;
    }

    private List<Key> keys() {
        if (file != null && !modified(file).equals(contents.modified())) {
            readAgain(file);
        }
        return contents.keys();
    }

    private synchronized void readAgain(Path file) {
        FileTime modified = modified(file);
        if (modified.equals(contents.modified())) {
            return;
        }
        List<Key> keys = contents.keys();
        try {
            keys = read(file);
            LOG.info("{}={} was read again and has {} keys", PROPERTY, file, keys.size());
        } catch (IOException | IllegalArgumentException e) {
            LOG.error("{}={} is broken, so the keys read before stay valid: {}", PROPERTY, file, e.getMessage());
        }
        contents = new Contents(modified, keys);
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return GONE;
        }
    }

    private static List<Key> read(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("file must be there and readable, but is not");
        }
        List<String> lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                .lines()
                .toList();
        List<Key> keys = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                keys.add(key(line.split("\\s+", -1), i + 1));
            }
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("file must have a line NAME SHA256 for each key, but has none");
        }
        return List.copyOf(keys);
    }

    /** Reads a line; what breaks the rule may be the key itself, so that it is not repeated. */
    private static Key key(String[] words, int line) {
        String last = words[words.length - 1].toLowerCase(Locale.ROOT);
        if (words.length != 2 || !SHA256.matcher(last).matches()) {
            throw new IllegalArgumentException(
                    "line %d must be a name and the SHA-256 of a key in 64 hexadecimal digits, but is %d words, the last of %d characters"
                            .formatted(line, words.length, last.length()));
        }
        return new Key(words[0], last);
    }
}
