/** How well a query finds its document, by vectors and by words. */
@NullMarked
package org.linformer.zoo.search;

import org.jspecify.annotations.NullMarked;
