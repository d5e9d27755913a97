/** The command line: prepare data, train by a recipe, measure a model. */
@NullMarked
package org.linformer.zoo.cli;

import org.jspecify.annotations.NullMarked;
