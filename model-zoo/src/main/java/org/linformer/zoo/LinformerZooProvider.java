package org.linformer.zoo;

import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooProvider;

/** Makes the zoo known to DJL. */
public final class LinformerZooProvider implements ZooProvider {

    static {
        // DJL counts its users over the network when the engine starts; who loads this zoo is not counted
        if (System.getProperty("OPT_OUT_TRACKING") == null) {
            System.setProperty("OPT_OUT_TRACKING", "true");
        }
    }

    @Override
    public ModelZoo getModelZoo() {
        return new LinformerModelZoo();
    }
}
