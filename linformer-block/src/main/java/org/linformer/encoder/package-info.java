/**
 * The Transformer encoder around the attention blocks, the heads that sit on it, and its weights as files.
 *
 * <p>Children and parameters are named as in BERT ({@code encoder.layer.0.attention.self.query.weight}), with E and F
 * beside them, so that the names in a weights file are the ecosystem's.
 */
@NullMarked
package org.linformer.encoder;

import org.jspecify.annotations.NullMarked;
