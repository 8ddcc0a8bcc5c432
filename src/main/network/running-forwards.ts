/**
 * Changes the forwarded ports of a machine that runs, all of them or none.
 * Never remembers which are open: QEMU, and slirp4netns where there is a fence, are asked.
 */
import { AppError, type PortForward } from '../../shared/index.ts';
import {
  fenced,
  forwardPlace,
  forwardRule,
  innerForward,
  netdevId,
  parseUsernet,
  without,
} from './forwards.ts';
import { isAt, type SlirpApi } from './slirp-api.ts';

/** QEMU's human monitor: a line, and what it prints, which is nothing when all is well. */
export type HumanMonitor = (line: string) => Promise<string>;

/** The ports that lead into one running guest. */
export class RunningForwards {
  readonly #monitor: HumanMonitor;
  readonly #fence: SlirpApi | null;

  /** @param fence null where QEMU listens on this computer itself. */
  constructor(monitor: HumanMonitor, fence: SlirpApi | null) {
    this.#monitor = monitor;
    this.#fence = fence;
  }

  /** Those that are open now. @throws AppError `qmp_failed`, `network_unavailable`. */
  async list(): Promise<PortForward[]> {
    const inner = parseUsernet(await this.#monitor('info usernet'));
    if (this.#fence === null) return inner;
    const outer = await this.#fence.list();
    return outer.flatMap(({ forward, innerPort }) => {
      const end = inner.find(
        ({ protocol, hostPort }) => protocol === forward.protocol && hostPort === innerPort,
      );
      return end === undefined ? [] : [{ ...forward, guestPort: end.guestPort }];
    });
  }

  /**
   * Makes those that are open the wanted ones. Connections that were made through one that closes go on.
   * @throws AppError `port_taken` with the `forward` that could not be opened, `qmp_failed`,
   *   `network_unavailable`; then those are open again that were.
   */
  async change(current: readonly PortForward[], wanted: readonly PortForward[]): Promise<void> {
    const undo: (() => Promise<void>)[] = [];
    try {
      // First what goes: its port may be wanted for another.
      for (const forward of without(current, wanted)) {
        await this.#close(forward);
        undo.push(() => this.#open(forward));
      }
      for (const forward of without(wanted, current)) {
        await this.#open(forward);
        undo.push(() => this.#close(forward));
      }
    } catch (error) {
      for (const back of undo.reverse()) await back().catch(() => undefined); // the first failure is told
      throw error;
    }
  }

  async #open(forward: PortForward): Promise<void> {
    if (this.#fence === null) return this.#add(forward, forward);
    const [own] = fenced([forward], await this.#fence.list());
    if (own === undefined) return;
    await this.#add(innerForward(own), forward);
    try {
      await this.#fence.add(own);
    } catch (error) {
      await this.#remove(innerForward(own)).catch(() => undefined);
      throw notOpened(forward, error);
    }
  }

  async #close(forward: PortForward): Promise<void> {
    if (this.#fence === null) return this.#remove(forward);
    const open = (await this.#fence.list()).find((entry) => isAt(entry, forward));
    if (open === undefined) return; // it is closed, which is what is wanted
    await this.#fence.remove(open);
    try {
      await this.#remove(innerForward(open));
    } catch (error) {
      await this.#fence.add(open).catch(() => undefined);
      throw error;
    }
  }

  async #add(rule: PortForward, forward: PortForward): Promise<void> {
    const said = await this.#monitor(`hostfwd_add ${netdevId} ${forwardRule(rule)}`);
    if (said.trim() !== '') throw notOpened(forward, new Error(said.trim()));
  }

  async #remove(forward: PortForward): Promise<void> {
    const said = await this.#monitor(`hostfwd_remove ${netdevId} ${forwardPlace(forward)}`);
    if (/ removed\s*$/.test(said) || / not found\s*$/.test(said)) return;
    throw new AppError(
      'qmp_failed',
      `QEMU did not close a forwarded port. It said: ${said.trim()}`,
    );
  }
}

function notOpened(forward: PortForward, cause: unknown): AppError {
  const { hostAddress, hostPort } = forward;
  return new AppError(
    'port_taken',
    `Port ${hostPort} of ${hostAddress} could not be opened. Choose another.`,
    { cause, details: { field: 'portForwards', forward } },
  );
}
