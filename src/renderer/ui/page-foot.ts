/**
 * Tells the window how high a bar at the foot of the page is, so that notices stand above it.
 * Never moves the bar itself, and takes its word back when the bar goes.
 */
import type { Attachment } from 'svelte/attachments';

/** For a bar over the page's lower edge; there is at most one. */
export const pageFoot: Attachment<HTMLElement> = (element) => {
  const { style } = document.documentElement;
  const observer = new ResizeObserver(() =>
    style.setProperty('--page-foot', `${element.offsetHeight}px`),
  );
  observer.observe(element);
  return () => {
    observer.disconnect();
    style.removeProperty('--page-foot');
  };
};
