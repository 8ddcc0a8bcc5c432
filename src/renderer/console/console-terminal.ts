/**
 * One xterm.js terminal in an element: bytes in, keys out, search, size.
 * Never opens links, never reads the clipboard, and never lets a replayed query be answered to the guest.
 */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { Terminal } from '@xterm/xterm';
import { copyText } from '../ui/index.ts';
import { searchColors, searchingTheme, terminalTheme } from './terminal-theme.ts';

/** What the terminal tells its owner. */
export interface TerminalListener {
  /** What the person typed or pasted. */
  input(data: string): void;
  size(columns: number, rows: number): void;
  /** `index` counts from 0, -1 for none. */
  found(index: number, count: number): void;
  searchWanted(): void;
  leaveWanted(): void;
  selected(hasSelection: boolean): void;
}

/** Lines kept above the screen; the whole log is main's. */
const scrollbackLines = 10_000;

/** CAN ends any unfinished sequence, RIS resets the terminal and forgets its scrollback. */
const resetSequence = '\x18\x1bc';

/** What the terminal says by itself when it is asked: CSI reports of device, cursor and modes, and strings. */
// eslint-disable-next-line no-control-regex -- that is how they begin
const ownAnswer = /^\x1b(?:\[[?>=]?[\d;]*\$?[cnRty]|[P\]])/;

/** A terminal that lives until {@link ConsoleTerminal.dispose}. */
export class ConsoleTerminal {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #observer: ResizeObserver;
  #replaysUnderWay = 0;

  constructor(element: HTMLElement, fontFamily: string, listener: TerminalListener) {
    this.#terminal = new Terminal({
      // Search decorations and Unicode 11 are "proposed" API in xterm.js 6.
      allowProposedApi: true,
      fontFamily,
      fontSize: 12.5,
      lineHeight: 1.3,
      scrollback: scrollbackLines,
      theme: terminalTheme,
      minimumContrastRatio: 4.5,
      cursorBlink: false,
      cursorInactiveStyle: 'outline',
      // OSC 8 links come from the guest: shown as text, never opened.
      linkHandler: { activate: () => undefined },
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(this.#search);
    this.#terminal.loadAddon(new Unicode11Addon());
    this.#terminal.unicode.activeVersion = '11';
    this.#terminal.attachCustomKeyEventHandler((event) => this.#key(event, listener));
    this.#terminal.onData((data) => {
      // What is typed meanwhile is the person's.
      if (this.#replaysUnderWay === 0 || !ownAnswer.test(data)) listener.input(data);
    });
    this.#terminal.onResize(({ cols, rows }) => listener.size(cols, rows));
    this.#terminal.onSelectionChange(() => listener.selected(this.#terminal.hasSelection()));
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) =>
      listener.found(resultIndex, resultCount),
    );
    this.#terminal.open(element);
    this.#observer = new ResizeObserver(() => this.#fit.fit());
    this.#observer.observe(element);
    this.#fit.fit();
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Draws bytes; `drawn` is called once they are on the screen. */
  write(data: Uint8Array, drawn: () => void): void {
    this.#terminal.write(data, drawn);
  }

  /** Forgets everything and draws these bytes. Answers that the terminal gives meanwhile are dropped. */
  replay(data: Uint8Array, drawn: () => void): void {
    this.#replaysUnderWay += 1;
    // In the stream and not by terminal.reset(): bytes that still wait to be drawn would come after that.
    this.#terminal.write(resetSequence);
    this.#terminal.write(data, () => {
      this.#replaysUnderWay -= 1;
      drawn();
    });
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Empties screen and scrollback here; the log in main stays. */
  clear(): void {
    this.#terminal.clear();
  }

  async copySelection(): Promise<void> {
    if (this.#terminal.hasSelection()) await copyText(this.#terminal.getSelection());
  }

  find(text: string, direction: 'next' | 'previous', incremental = false): void {
    if (text === '') return this.endSearch();
    this.#terminal.options.theme = searchingTheme;
    const options = { decorations: searchColors, incremental };
    if (direction === 'next') this.#search.findNext(text, options);
    else this.#search.findPrevious(text, options);
  }

  endSearch(): void {
    this.#terminal.options.theme = terminalTheme;
    this.#search.clearDecorations();
    this.#terminal.clearSelection();
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#terminal.dispose();
  }

  /** False keeps a key from the guest. Everything that is not named here is the guest's. */
  #key(event: KeyboardEvent, listener: TerminalListener): boolean {
    if (event.type !== 'keydown') return true;
    if (event.key === 'F6' || (event.ctrlKey && event.shiftKey && event.key === 'Escape')) {
      event.preventDefault();
      listener.leaveWanted();
      return false;
    }
    if (!event.ctrlKey || !event.shiftKey || event.altKey) return true;
    switch (event.code) {
      case 'KeyC':
        event.preventDefault();
        void this.copySelection();
        return false;
      case 'KeyF':
        event.preventDefault();
        listener.searchWanted();
        return false;
      case 'KeyV':
        // Not prevented: the browser pastes, and xterm brackets what its paste event brings.
        return false;
      case 'KeyK':
      case 'KeyN':
      case 'Digit1':
      case 'Digit2':
      case 'Digit3':
      case 'Digit4':
      case 'Digit5':
      case 'Digit6':
        // The window's own shortcuts.
        return false;
      default:
        return true;
    }
  }
}
