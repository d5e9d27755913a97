/** Who may ask: keys, how often each may ask, and what every request and answer must carry. */
@NullMarked
package org.linformer.serving.access;

import org.jspecify.annotations.NullMarked;
