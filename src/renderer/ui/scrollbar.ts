/**
 * Measures the scrollbar of this desktop, so that pages keep room for it and still end in line with their head.
 * Never styles it.
 */

/** Sets `--scrollbar-width` on the page: 0 where scrollbars lie over what they scroll. */
export function measureScrollbar(): void {
  const probe = document.createElement('div');
  probe.style.overflowY = 'scroll';
  probe.style.position = 'absolute';
  document.body.append(probe);
  const widthPx = probe.offsetWidth - probe.clientWidth;
  probe.remove();
  document.documentElement.style.setProperty('--scrollbar-width', `${widthPx}px`);
}
