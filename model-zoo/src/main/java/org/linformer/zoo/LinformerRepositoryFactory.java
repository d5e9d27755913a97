package org.linformer.zoo;

import ai.djl.repository.Repository;
import ai.djl.repository.RepositoryFactory;
import java.net.URI;
import java.util.Set;

/** Makes {@code optModelUrls("linformer://NAME")} and {@code optModelUrls("linformer:///FOLDER")} known to DJL. */
public final class LinformerRepositoryFactory implements RepositoryFactory {

    @Override
    public Repository newInstance(String name, URI uri) {
        return new ModelRepository(name, uri);
    }

    @Override
    public Set<String> getSupportedScheme() {
        return Set.of(ModelRepository.SCHEME);
    }
}
