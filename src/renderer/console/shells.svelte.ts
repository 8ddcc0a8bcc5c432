/**
 * The shells and programs that were started in containers, by machine. They outlive the page's tabs, as a terminal's window
 * does on a desktop: only closing one, its own end, or the end of its machine ends it.
 */
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import type { MachineId } from '../../shared/index.ts';
import { token } from '../ui/index.ts';
import { ConsoleSession } from './console-session.svelte.ts';
import { shellTitle } from './shell-titles.ts';
import { leaveTerminal, terminalReady, type MakeTerminal } from './terminal-place.ts';

/** One shell, or program in place of one: its terminal lives in an element of its own, which is put where it is to be seen. */
export class Shell {
  readonly title: string;
  /** The program and what it is given; empty for a shell. */
  readonly words: readonly string[];
  readonly element = document.createElement('div');
  readonly #machineId: MachineId;
  #session: ConsoleSession | null = $state.raw(null);
  #makeTerminal: MakeTerminal | null = null;
  #closed = false;
  /** Whoever shows it opens its search. */
  onsearch: () => void = () => undefined;

  constructor(machineId: MachineId, title: string, words: readonly string[]) {
    this.#machineId = machineId;
    this.title = title;
    this.words = words;
  }

  get session(): ConsoleSession | null {
    return this.#session;
  }

  /** Puts the terminal into the page, at first opening it: xterm.js cannot measure what is nowhere. */
  async show(place: HTMLElement): Promise<void> {
    place.append(this.element);
    if (this.#session || this.#closed) return this.#session?.terminal.focus();
    const family = untrack(() => token('mono'));
    this.#makeTerminal = await terminalReady(this.element, family);
    if (this.#closed || this.#session || !this.element.isConnected) return;
    this.#start(this.#makeTerminal);
  }

  /** The same once more, on an empty screen. It must be in the page. */
  again(): void {
    this.#session?.dispose();
    if (this.#makeTerminal) this.#start(this.#makeTerminal);
  }

  #start(makeTerminal: MakeTerminal): void {
    const source = { machineId: this.#machineId, kind: 'shell', words: this.words } as const;
    this.#session = new ConsoleSession(source, makeTerminal, {
      searchWanted: () => this.onsearch(),
      leaveWanted: leaveTerminal,
    });
    this.#session.terminal.focus();
  }

  /** Ends the shell in the guest, if it still runs. */
  close(): void {
    this.#closed = true;
    this.#session?.dispose();
    this.#session = null;
    this.element.remove();
  }
}

interface Opened {
  readonly list: readonly Shell[];
  /** The one that is shown; null for the console. */
  readonly current: Shell | null;
}

const none: Opened = { list: [], current: null };

/** The shells of all machines, as runes. */
export class Shells {
  readonly #byMachine = new SvelteMap<MachineId, Opened>();

  of(id: MachineId): Opened {
    return this.#byMachine.get(id) ?? none;
  }

  /** One more shell, or a program in place of one, which is shown then. */
  open(id: MachineId, words: readonly string[] = []): void {
    const { list } = untrack(() => this.of(id));
    const title = shellTitle(
      words,
      list.map((shell) => shell.title),
    );
    const shell = new Shell(id, title, words);
    this.#byMachine.set(id, { list: [...list, shell], current: shell });
  }

  choose(id: MachineId, shell: Shell | null): void {
    this.#byMachine.set(id, { list: this.of(id).list, current: shell });
  }

  close(id: MachineId, shell: Shell): void {
    const { list, current } = this.of(id);
    const at = list.indexOf(shell);
    shell.close();
    const rest = list.filter((other) => other !== shell);
    const next = current === shell ? (rest[Math.min(at, rest.length - 1)] ?? null) : current;
    this.#byMachine.set(id, { list: rest, current: next });
  }

  /** The machine is gone. */
  forget(id: MachineId): void {
    for (const shell of untrack(() => this.of(id)).list) shell.close();
    this.#byMachine.delete(id);
  }
}

/** The window's shells. */
export const shells = new Shells();
