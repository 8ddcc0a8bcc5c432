/**
 * Which part of a time axis is looked at, and how zooming and panning change it.
 * Pure; times are milliseconds since the process was spawned.
 */

/** A part of the axis; `toMs` is always after `fromMs`. */
export interface ViewWindow {
  fromMs: number;
  toMs: number;
}

/** Nothing is looked at more closely than this: the marks are kept in steps of 1/1024 ms. */
const leastSpanMs = 0.02;
/** Air on either side of what is zoomed to, as a share of it. */
const margin = 0.06;

/** The whole axis; an empty one is a millisecond long, so that nothing is divided by zero. */
export function wholeWindow(totalMs: number): ViewWindow {
  return { fromMs: 0, toMs: totalMs > 0 ? totalMs : 1 };
}

/** The same place with a span that the axis allows, moved so that it does not leave the axis. */
export function clampWindow({ fromMs, toMs }: ViewWindow, totalMs: number): ViewWindow {
  const whole = wholeWindow(totalMs).toMs;
  const spanMs = Math.min(whole, Math.max(Math.min(leastSpanMs, whole), toMs - fromMs));
  const start = Math.min(Math.max(0, fromMs), whole - spanMs);
  return { fromMs: start, toMs: start + spanMs };
}

/** Closer (factor over 1) or further, with `atMs` staying where it is. */
export function zoomWindow(
  view: ViewWindow,
  factor: number,
  atMs: number,
  totalMs: number,
): ViewWindow {
  const whole = wholeWindow(totalMs).toMs;
  const spanMs = view.toMs - view.fromMs;
  const wanted = Math.min(whole, Math.max(leastSpanMs, spanMs / factor));
  const share = spanMs > 0 ? (atMs - view.fromMs) / spanMs : 0.5;
  const fromMs = atMs - share * wanted;
  return clampWindow({ fromMs, toMs: fromMs + wanted }, totalMs);
}

/** Moved by a time; stops at the ends. */
export function panWindow(view: ViewWindow, byMs: number, totalMs: number): ViewWindow {
  return clampWindow({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, totalMs);
}

/** A span with some air around it; around an instant a hundredth of the axis. */
export function windowAround(startMs: number, durationMs: number, totalMs: number): ViewWindow {
  const whole = wholeWindow(totalMs).toMs;
  const spanMs = durationMs > 0 ? durationMs : whole / 100;
  const fromMs = durationMs > 0 ? startMs : startMs - spanMs / 2;
  // What is nearly all of the axis is still seen more closely than all of it.
  const air = Math.max(0, Math.min(spanMs * margin, (whole - spanMs) / 4));
  return clampWindow({ fromMs: fromMs - air, toMs: fromMs + spanMs + air }, totalMs);
}

/** Whether no less of the axis can be looked at, where that is at least so much or all of it. */
export function isClosest(view: ViewWindow, leastSpan: number, total: number): boolean {
  return view.toMs - view.fromMs <= Math.min(leastSpan, wholeWindow(total).toMs) * 1.0001;
}

/** Whether all of the axis is seen. */
export function isWhole(view: ViewWindow, totalMs: number): boolean {
  return view.toMs - view.fromMs >= wholeWindow(totalMs).toMs * 0.9999;
}
