/** The models as LangChain4j's: {@code dev.langchain4j:langchain4j}, which an application that uses them brings. */
@NullMarked
package org.linformer.zoo.langchain4j;

import org.jspecify.annotations.NullMarked;
