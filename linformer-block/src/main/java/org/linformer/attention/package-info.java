/**
 * Attention blocks: one file a variant, which a reader follows with the variant's paper in one hand.
 *
 * <p>The dimension key, which every shape comment uses:
 *
 * <ul>
 *   <li>{@code b}: batch, {@code n}: length of this input in positions, {@code m}: positions that are attended to
 *   <li>{@code k}: projected length (a <em>slot</em> is one of its rows)
 *   <li>{@code dModel}: width of the model, {@code h}: heads, {@code d}: width of one head
 * </ul>
 *
 * <p>A mask is {@code (b, m)}, 1 at a token and 0 at padding of what is attended to, for every variant.
 *
 * <p>All are trainable. In a loss of your own multiply by arrays, {@code loss.mul(manager.full(new Shape(), 0.5f))}: DJL
 * 0.36 gives the number of {@code loss.mul(0.5)} to the garbage collector before PyTorch reads it for the gradient,
 * which is wrong where that collects in between.
 *
 * <p>To add a variant: one file with its nested {@code Config}, its name in the {@code permits} clause of
 * {@link org.linformer.attention.AttentionConfig}, and one test that extends {@code AttentionContract}.
 */
@NullMarked
package org.linformer.attention;

import org.jspecify.annotations.NullMarked;
