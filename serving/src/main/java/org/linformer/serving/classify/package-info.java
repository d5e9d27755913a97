/** Texts to labels. */
@NullMarked
package org.linformer.serving.classify;

import org.jspecify.annotations.NullMarked;
