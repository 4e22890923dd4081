// SPDX-License-Identifier: Apache-2.0

/**
 * Tells onWidth(width) how wide the element is, now and whenever that changes. To be asked for, it would have the
 * browser lay out the page in the midst of a task.
 */
export function watchWidth(element, onWidth) {
  let known = 0;
  new ResizeObserver(([{ contentRect: { width } }]) => {
    if (width === known) return;
    known = width;
    onWidth(width);
  }).observe(element);
}
