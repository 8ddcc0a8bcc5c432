/**
 * The network of one running machine that passt serves: its ports, and another passt in the place of one that ended.
 * Must never leave a guest without a network: where passt does not serve it, QEMU's own does.
 */
import { AppError, type PortForward } from '../../shared/index.ts';
import { isAlive, type ProcessIdentity } from '../host/index.ts';
import { without } from './forwards.ts';
import { putOwn, putPasst, takeAway, type NetworkMonitor } from './passt-exchange.ts';
import { findPasst, untilPasstIsGone, type PasstSocket } from './passt-process.ts';
import { assertEachPortOnce, currentResolver, startOn, type PasstSources } from './passt-start.ts';
import { RunningForwards, type HumanMonitor } from './running-forwards.ts';

/** More ends than that within this time are no accident. */
const maxEnds = 3;
const windowMs = 30_000;

/** What {@link PasstNetwork} is made of. */
export interface PasstNetworkParts extends PasstSources {
  /** A sentence for the journal. */
  readonly tell: (message: string) => void;
}

/** One machine's. Changes follow each other. */
export class PasstNetwork {
  readonly #parts: PasstNetworkParts;
  #monitor: NetworkMonitor | null = null;
  /** Null once QEMU's own network is in its place. */
  #passt: ProcessIdentity | null;
  #forwards: readonly PortForward[];
  #resolver: string | null;
  #turn: Promise<unknown> = Promise.resolve();
  #looking = false;
  #closed = false;
  #ends: number[] = [];

  private constructor(
    parts: PasstNetworkParts,
    passt: ProcessIdentity | null,
    forwards: readonly PortForward[],
    resolver: string | null,
  ) {
    this.#parts = parts;
    this.#passt = passt;
    this.#forwards = forwards;
    this.#resolver = resolver;
  }

  /**
   * For a QEMU that is about to start and connects by itself. One whose passt did not come has to be ended: with
   * another network in that place before its first instruction, QEMU 7.2 span and the guest never booted.
   * @param socket listens by then.
   * @throws AppError `port_taken`, `cancelled`, `network_unavailable`.
   */
  static async serve(
    parts: PasstNetworkParts,
    socket: PasstSocket,
    forwards: readonly PortForward[],
    signal: AbortSignal,
  ): Promise<PasstNetwork> {
    const resolver = await currentResolver();
    try {
      const passt = await startOn(socket, parts, forwards, resolver, signal);
      return new PasstNetwork(parts, passt, forwards, resolver);
    } catch (error) {
      if (signal.aborted) throw new AppError('cancelled', 'The start was called off.');
      throw error;
    }
  }

  /** As soon as the guest runs. @throws AppError `qmp_failed`. */
  async begin(): Promise<void> {
    if (this.#passt !== null) await this.#told().announce();
  }

  /** For a QEMU that an earlier Nandu started. @param forwards those that it should have. */
  static async find(
    parts: PasstNetworkParts,
    human: HumanMonitor,
    forwards: readonly PortForward[],
  ): Promise<PasstNetwork> {
    if (/\bnet0: index=\d+,type=user\b/.test(await human('info network'))) {
      const open = await new RunningForwards(human, null).list();
      return new PasstNetwork(parts, null, open, null);
    }
    const found = findPasst(parts.files.passtLog);
    if (found !== null) {
      return new PasstNetwork(parts, found, found.setting.forwards, found.setting.resolver);
    }
    // It ended meanwhile: the first look sees that. No process has this number.
    return new PasstNetwork(parts, { pid: 0, startTicks: 0 }, forwards, await currentResolver());
  }

  /** From here on ends are seen and mended. */
  use(monitor: NetworkMonitor): void {
    this.#monitor = monitor;
  }

  /** Whether it is passt that serves; else QEMU's own network does. */
  get servedByPasst(): boolean {
    return this.#passt !== null;
  }

  /** The ports that are open now. */
  get forwards(): readonly PortForward[] {
    return this.#forwards;
  }

  /**
   * Makes those that are open the wanted ones. With passt all connections of the guest end by that.
   * @throws AppError `port_taken`, `network_unavailable`, `qmp_failed`; then those are open again that were.
   */
  change(wanted: readonly PortForward[]): Promise<void> {
    return this.#next(async () => {
      const before = this.#forwards;
      if (this.#passt === null) {
        await new RunningForwards(this.#told().human, null).change(before, wanted);
        this.#forwards = wanted;
        return;
      }
      assertEachPortOnce(wanted);
      try {
        await this.#replace(wanted);
      } catch (error) {
        await this.#replaceOrGiveUp(before);
        throw error;
      }
    });
  }

  /** Call now and then: looks whether passt lives, and asks the resolver that this computer asks. */
  look(): void {
    if (this.#looking || this.#closed || this.#monitor === null || this.#passt === null) return;
    this.#looking = true;
    void this.#next(() => this.#mend())
      .catch(() => undefined) // the monitor is gone, which others tell; the next look tries again
      .finally(() => (this.#looking = false));
  }

  /** Lets go of it; passt goes on with its QEMU. */
  release(): void {
    this.#closed = true;
  }

  /** After QEMU is gone: passt ends by itself, and is ended if it does not. */
  async dispose(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    if (this.#passt !== null) await untilPasstIsGone(this.#passt);
  }

  async #mend(): Promise<void> {
    const passt = this.#passt;
    if (passt === null || this.#closed) return;
    if (isAlive(passt)) {
      const resolver = await currentResolver();
      if (resolver === this.#resolver || resolver === null) return;
      await this.#replaceOrGiveUp(this.#forwards);
      this.#parts.tell(
        'This computer’s resolver changed, so passt was started anew; the guest’s connections ended.',
      );
      return;
    }
    // It ends with its QEMU, and is seen to have ended first now and then.
    if (!(await this.#told().goesOn()) || this.#closed) return;
    const now = performance.now();
    this.#ends = [...this.#ends.filter((at) => now - at < windowMs), now];
    if (this.#ends.length > maxEnds) {
      return this.#giveUp(this.#forwards, 'passt ended again and again.');
    }
    if (await this.#replaceOrGiveUp(this.#forwards)) {
      this.#parts.tell('passt had ended and was started anew; the guest’s connections ended.');
    }
  }

  /** @returns whether it is passt that serves now. */
  async #replaceOrGiveUp(forwards: readonly PortForward[]): Promise<boolean> {
    try {
      await this.#replace(forwards);
      return true;
    } catch (error) {
      if (!this.#closed) await this.#giveUp(forwards, (error as Error).message);
      return false;
    }
  }

  /** The old one's ports are free only when it is gone. */
  async #replace(forwards: readonly PortForward[]): Promise<void> {
    const monitor = this.#told();
    const resolver = await currentResolver();
    await takeAway(monitor, this.#passt);
    this.#passt = await putPasst(monitor, this.#parts, forwards, resolver);
    this.#forwards = forwards;
    this.#resolver = resolver;
    await monitor.announce();
  }

  /** QEMU's own network in its place, until the machine's next start. */
  async #giveUp(forwards: readonly PortForward[], why: string): Promise<void> {
    const monitor = this.#told();
    await takeAway(monitor, this.#passt);
    this.#forwards = await putOwn(monitor, forwards);
    this.#passt = null;
    await monitor.announce();
    const lost = without(forwards, this.#forwards).map(({ hostPort }) => hostPort);
    const closed = lost.length === 0 ? '' : ` Not open any more: ${lost.join(', ')}.`;
    this.#parts.tell(`QEMU’s own network serves the guest now. ${why}${closed}`);
  }

  #told(): NetworkMonitor {
    if (this.#monitor !== null) return this.#monitor;
    throw new AppError('illegal_state', 'QEMU’s monitor does not answer.');
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
