/** Models and the engine: the only package that knows DJL. */
@NullMarked
package org.linformer.serving.model;

import org.jspecify.annotations.NullMarked;
