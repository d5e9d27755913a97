package org.linformer.encoder;

/** What sits on an encoder: its kinds are the {@code permits} clause. */
public sealed interface HeadConfig permits ClassifierHead.Config, EmbeddingHead.Config {

    /**
     * Builds the head.
     *
     * @param encoder the encoder that it sits on
     * @return the head
     */
    Head newHead(EncoderConfig encoder);
}
