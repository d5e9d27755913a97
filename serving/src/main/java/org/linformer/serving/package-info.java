/** The service: its settings, its limits and its error answers. */
@NullMarked
package org.linformer.serving;

import org.jspecify.annotations.NullMarked;
