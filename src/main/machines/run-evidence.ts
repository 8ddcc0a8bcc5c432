/**
 * Gathers, while a run lives, what will tell how it ended: what Nandu asked for, what QEMU and the agent said.
 * Weighed once, when the process is gone; acts on nothing.
 */
import type { Activity, AppError, RunEnd } from '../../shared/index.ts';
import type { ProcessExit } from '../qemu/index.ts';
import type { QmpEvent } from '../qmp/index.ts';
import { commandEndIn, type CommandEnd } from './command-end.ts';
import { describeEnd, type Evidence } from './run-end.ts';

/** What is known only when the process is gone. */
export interface AtTheEnd {
  readonly exit: ProcessExit;
  /** Whether the board has ACPI, by which a guest can power off. */
  readonly acpi: boolean;
  /** Whether the guest was to run a container. */
  readonly container: boolean;
  /** Whether it was watched from the start on, and would have told that its first process ran. */
  readonly marksExpected: boolean;
  readonly reachedUserSpace: boolean;
  /** The console's. */
  readonly lastLines: (count: number) => string[];
}

/** Of one run. */
export class RunEvidence {
  requested: Evidence['requested'] = null;
  /** Whether the guest was asked to shut down; a paused one cannot be. */
  guestAsked = false;
  lastRung: Activity | null = null;
  /** Its time is over: the stop that follows is Nandu's own. */
  lifetimeOver = false;
  /** Whether the container's command began. */
  commandRan = false;
  /** What the agent told of the command: how it ended, or why it never ran. */
  command: Evidence['command'] = null;
  #shutdown: Evidence['shutdown'] = null;
  #panicked = false;

  /** Whether QEMU has said that it ends. */
  get ends(): boolean {
    return this.#shutdown !== null;
  }

  /** Passes over what tells nothing of an end. */
  hear({ event, data }: QmpEvent): void {
    if (event === 'GUEST_PANICKED') this.#panicked = true;
    if (event === 'SHUTDOWN') {
      this.#shutdown = { guest: data['guest'] === true, reason: String(data['reason'] ?? '') };
    }
  }

  /** @returns how it ended, and what the guest said could not be done, where that is why. */
  weigh(atTheEnd: AtTheEnd): { end: RunEnd; cause: AppError | null } {
    const { exit, acpi, container, marksExpected, reachedUserSpace, lastLines } = atTheEnd;
    const { requested, guestAsked, lastRung, lifetimeOver, command } = this;
    const end = describeEnd({
      ...{ requested, guestAsked, lastRung, lifetimeOver, exit, acpi },
      shutdown: this.#shutdown,
      panicked: this.#panicked || this.#panickedInWords(exit, lastLines),
      reachedUserSpace: !marksExpected || reachedUserSpace,
      // The agent may have told it to a Nandu that was not listening yet.
      command: command ?? (container ? commandOnConsole(lastLines) : null),
      neverRan: container && marksExpected && !this.commandRan,
    });
    return { end, cause: command !== null && 'error' in command ? command.error : null };
  }

  /**
   * The guest can print what it likes: its words count only where its end could be a panic's, which is a reset
   * (panic=-1), or an end that nobody saw.
   */
  #panickedInWords({ code, signal }: ProcessExit, lastLines: AtTheEnd['lastLines']): boolean {
    const unseen = this.#shutdown === null && code === null && signal === null;
    return (
      this.requested === null &&
      (unseen || this.#shutdown?.reason === 'guest-reset') &&
      lastLines(200).some((line) => line.includes('Kernel panic - not syncing'))
    );
  }
}

const commandOnConsole = (lastLines: AtTheEnd['lastLines']): CommandEnd | null =>
  commandEndIn(lastLines(20));
