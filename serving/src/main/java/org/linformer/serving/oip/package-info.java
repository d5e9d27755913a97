/** The Open Inference Protocol, version 2. */
@NullMarked
package org.linformer.serving.oip;

import org.jspecify.annotations.NullMarked;
