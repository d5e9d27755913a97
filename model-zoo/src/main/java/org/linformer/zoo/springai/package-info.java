/** The models as Spring AI's: {@code org.springframework.ai:spring-ai-model}, which an application that uses them brings. */
@NullMarked
package org.linformer.zoo.springai;

import org.jspecify.annotations.NullMarked;
