/** Texts to vectors, in OpenAI's form. */
@NullMarked
package org.linformer.serving.embed;

import org.jspecify.annotations.NullMarked;
