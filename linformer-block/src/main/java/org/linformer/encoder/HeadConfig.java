package org.linformer.encoder;

import ai.djl.nn.Parameter;

/** What sits on an encoder: its kinds are the {@code permits} clause. */
public sealed interface HeadConfig permits ClassifierHead.Config, EmbeddingHead.Config, MaskedTokenHead.Config {

    /**
     * Builds the head.
     *
     * @param encoder the encoder that it sits on
     * @param tokens its token embeddings (vocabSize, dModel), for a head that shares them
     * @return the head
     */
    Head newHead(EncoderConfig encoder, Parameter tokens);
}
