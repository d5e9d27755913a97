/** The data sets that models are trained on: each is fetched by its package manager, cleaned, and split. */
@NullMarked
package org.linformer.zoo.data;

import org.jspecify.annotations.NullMarked;
