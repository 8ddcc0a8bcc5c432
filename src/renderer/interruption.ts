/** Whether a dialog may open without being asked for. Only looks at the page. */

/** Not over another dialog or a menu, and not while a person types anywhere but in the page that it is about. */
export function mayInterrupt(page: Element): boolean {
  if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')) return false;
  const focused = document.activeElement;
  return !focused?.matches('input, textarea, select') || page.contains(focused);
}
