/** MiniLM as Spring AI and LangChain4j run it, behind the same HTTP. */
@NullMarked
package org.linformer.benchmark.rivals;

import org.jspecify.annotations.NullMarked;
