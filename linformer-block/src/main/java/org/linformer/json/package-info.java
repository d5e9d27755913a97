/** Configurations as JSON: every key is required and known, so a file says all that there is to say. */
@NullMarked
package org.linformer.json;

import org.jspecify.annotations.NullMarked;
