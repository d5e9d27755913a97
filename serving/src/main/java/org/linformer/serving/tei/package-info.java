/** The API of Hugging Face's text-embeddings-inference. */
@NullMarked
package org.linformer.serving.tei;

import org.jspecify.annotations.NullMarked;
