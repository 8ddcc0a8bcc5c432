/**
 * What of a waterfall is looked at: the part of its axis and the rows that are open, as runes.
 * Never draws; two waterfalls on one scale share one of these.
 */
import { SvelteSet } from 'svelte/reactivity';
import {
  clampWindow,
  isWhole,
  panWindow,
  wholeWindow,
  windowAround,
  zoomWindow,
  type ViewWindow,
} from './view-window.ts';

const step = 1.6;

/** One view; it keeps showing the whole axis, however long that becomes, until it is zoomed. */
export class TimelineView {
  readonly #total: () => number;
  #chosen: ViewWindow | null = $state.raw(null);
  /** The keys of the rows that are open. */
  readonly open = new SvelteSet<string>();

  /** @param total the axis' length in milliseconds */
  constructor(total: () => number) {
    this.#total = total;
  }

  get totalMs(): number {
    return this.#total();
  }

  get current(): ViewWindow {
    const { totalMs } = this;
    return this.#chosen === null ? wholeWindow(totalMs) : clampWindow(this.#chosen, totalMs);
  }

  get zoomed(): boolean {
    return !isWhole(this.current, this.totalMs);
  }

  fit(): void {
    this.#chosen = null;
  }

  /** By a factor around a moment; around the middle without one, or where it is not in view. */
  zoom(factor: number, atMs?: number | null): void {
    const { fromMs, toMs } = this.current;
    const seen = atMs != null && atMs >= fromMs && atMs <= toMs;
    this.#set(zoomWindow(this.current, factor, seen ? atMs : (fromMs + toMs) / 2, this.totalMs));
  }

  zoomIn(atMs?: number | null): void {
    this.zoom(step, atMs);
  }

  zoomOut(atMs?: number | null): void {
    this.zoom(1 / step, atMs);
  }

  panBy(ms: number): void {
    this.#set(panWindow(this.current, ms, this.totalMs));
  }

  /** By a share of what is looked at. */
  panShare(share: number): void {
    const { fromMs, toMs } = this.current;
    this.panBy((toMs - fromMs) * share);
  }

  /** A span from edge to edge; a second time the whole again. */
  toggle(startMs: number, durationMs: number): void {
    const wanted = windowAround(startMs, durationMs, this.totalMs);
    const same = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;
    const { fromMs, toMs } = this.current;
    if (same(fromMs, wanted.fromMs) && same(toMs, wanted.toMs)) this.fit();
    else this.#set(wanted);
  }

  #set(view: ViewWindow): void {
    this.#chosen = isWhole(view, this.totalMs) ? null : view;
  }
}
