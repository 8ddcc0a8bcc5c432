/**
 * Measures elements for code that draws in pixels.
 * Reports whole pixels only, so that fractions cannot start a resize loop.
 */
import type { Attachment } from 'svelte/attachments';

/** An attachment that reports an element's content width, at first and whenever it changes. */
export function elementWidth(report: (widthPx: number) => void): Attachment<HTMLElement> {
  return (element) => {
    let last = -1;
    const observer = new ResizeObserver((entries) => {
      const widthPx = Math.floor(entries[0]?.contentRect.width ?? 0);
      if (widthPx === last) return;
      last = widthPx;
      report(widthPx);
    });
    observer.observe(element);
    return () => observer.disconnect();
  };
}
