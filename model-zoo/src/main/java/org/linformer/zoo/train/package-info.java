/** How the models are trained: a recipe, labelled texts, and one loop that writes a model's folder. */
@NullMarked
package org.linformer.zoo.train;

import org.jspecify.annotations.NullMarked;
