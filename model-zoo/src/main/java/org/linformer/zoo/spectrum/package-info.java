/** What the attention maps of a trained model look like. */
@NullMarked
package org.linformer.zoo.spectrum;

import org.jspecify.annotations.NullMarked;
