/** The service under load, measured with wrk beside other ways to embed on the JVM. */
@NullMarked
package org.linformer.benchmark;

import org.jspecify.annotations.NullMarked;
