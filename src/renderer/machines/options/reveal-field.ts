/**
 * Finds a field's place on the page by the path in its `data-path`, and brings the person there.
 * Never changes the page otherwise.
 */
import { sectionOf } from './option-words.ts';

const sectionSelector = (path: string): string => `[data-section="${sectionOf(path)}"]`;

/** Where a path's field is, or the nearest one that holds it. */
function placeOf(root: HTMLElement, path: string): HTMLElement | null {
  for (let at = path; at !== ''; at = at.includes('.') ? at.slice(0, at.lastIndexOf('.')) : '') {
    const place = root.querySelector<HTMLElement>(`[data-path="${CSS.escape(at)}"]`);
    if (place) return place;
  }
  return null;
}

/** Scrolls to a field and puts the focus into its control. */
export function revealField(root: HTMLElement, path: string): void {
  const place = placeOf(root, path) ?? root.querySelector<HTMLElement>(sectionSelector(path));
  if (!place) return;
  const control =
    place.querySelector<HTMLElement>('input:checked') ??
    place.querySelector<HTMLElement>('input:not(:disabled), select, textarea, button');
  place.scrollIntoView({ block: 'center' });
  control?.focus({ preventScroll: true });
}

/** Of several paths the one whose field comes first on the page. */
export function firstOnPage(root: HTMLElement, paths: readonly string[]): string | undefined {
  const placed = paths.flatMap((path) => {
    const place = placeOf(root, path);
    return place ? [{ path, place }] : [];
  });
  placed.sort((a, b) =>
    a.place.compareDocumentPosition(b.place) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1,
  );
  return placed[0]?.path;
}
