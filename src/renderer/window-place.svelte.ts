/**
 * Where the window is: which machine, which of its tabs, or a page of the library. Survives a reload of the page.
 * Never asks main for anything.
 */
import { untrack } from 'svelte';
import type { ExperimentId, MachineId, MachineView } from '../shared/index.ts';
import { readTab, type MachineStore, type MachineTab } from './machines/index.ts';
import { SessionValue } from './ui/index.ts';

const libraryPages = ['images', 'lab'] as const;
export type LibraryPage = (typeof libraryPages)[number];

/** The place, as runes; made while the window's component is. */
export class WindowPlace {
  readonly #machines: MachineStore;
  readonly #selectedId = new SessionValue('machine');
  readonly #tabName = new SessionValue('tab');
  readonly #experimentId = new SessionValue('experiment');
  /** `images` or `lab` for a page of the library; anything else for that of a machine. */
  readonly #view = new SessionValue('view');
  /** Where the last chosen machine stood in the list, so that its neighbour follows when it goes. */
  #lastIndex = 0;

  constructor(machines: MachineStore) {
    this.#machines = machines;
    $effect(() => {
      if (!this.selected) return;
      this.#lastIndex = machines.list.indexOf(this.selected);
      this.#selectedId.current = this.selected.id;
    });
  }

  readonly tab: MachineTab = $derived.by(() => readTab(this.#tabName.current));
  /** The page of the library that is shown in place of a machine's. */
  readonly library: LibraryPage | null = $derived.by(
    () => libraryPages.find((page) => page === this.#view.current) ?? null,
  );
  readonly imagesShown: boolean = $derived.by(() => this.library === 'images');

  readonly selected: MachineView | undefined = $derived.by(() => {
    const { list } = this.#machines;
    const lastIndex = untrack(() => this.#lastIndex);
    const chosen = this.#machines.find(this.#selectedId.current);
    return chosen ?? list[Math.min(lastIndex, list.length - 1)];
  });

  /** The machine whose overview is on the screen. */
  readonly overviewOf: MachineView | null = $derived.by(() =>
    this.library === null && this.tab === 'overview' ? (this.selected ?? null) : null,
  );

  /** Whether the page of this machine is on the screen, also in the moment in which it goes. */
  isShown(id: MachineId): boolean {
    return this.library === null && this.#selectedId.current === id;
  }

  select(id: MachineId): void {
    this.#selectedId.current = id;
    this.#view.current = null;
  }

  show(id: MachineId, tab: MachineTab): void {
    this.select(id);
    this.openTab(tab);
  }

  openTab(tab: MachineTab): void {
    this.#tabName.current = tab;
  }

  showImages(): void {
    this.#view.current = 'images';
  }

  /** The experiment that is opened in the boot lab; null for the list of all. */
  get experimentId(): string | null {
    return this.#experimentId.current;
  }

  showLab(id: ExperimentId | null): void {
    this.#experimentId.current = id;
    this.#view.current = 'lab';
  }
}
