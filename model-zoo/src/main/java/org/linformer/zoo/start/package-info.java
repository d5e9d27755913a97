/** Weights of others that our models start from. */
@NullMarked
package org.linformer.zoo.start;

import org.jspecify.annotations.NullMarked;
