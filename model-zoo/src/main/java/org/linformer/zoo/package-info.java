/**
 * Pretrained models, found by DJL's {@code Criteria}; a model is one folder ({@link org.linformer.zoo.ModelConfig}), in
 * the jar or on disk.
 */
@NullMarked
package org.linformer.zoo;

import org.jspecify.annotations.NullMarked;
