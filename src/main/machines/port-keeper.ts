/**
 * Sees to it that each port of this computer leads into one machine at most, and opens and closes those of
 * machines that run. It holds no port itself, and never takes one from whoever has it.
 */
import {
  AppError,
  type MachineId,
  type MachineSpec,
  type PortForward,
} from '../../shared/index.ts';
import {
  collide,
  effectiveForwards,
  findHolder,
  secondOfTwins,
  tryPort,
  without,
} from '../network/index.ts';
import { twinsMessage } from './option-check/index.ts';
import type { Machine } from './machine.ts';

/** Takes a change of ports back. */
export type UndoPorts = () => Promise<void>;

/** The forwarded ports of all machines. */
export class PortKeeper {
  readonly #machines: () => Iterable<Machine>;
  /** Of machines that are past the check and not up yet. */
  readonly #reserved = new Map<MachineId, readonly PortForward[]>();
  /** One change of a machine's ports at a time. */
  readonly #turns = new WeakMap<Machine, Promise<unknown>>();

  constructor(machines: () => Iterable<Machine>) {
    this.#machines = machines;
  }

  /**
   * Before a start. From here on other machines are refused these ports, until what is returned is called,
   * by when the machine runs with them or does not run.
   * @throws AppError `port_taken`, `permission_denied`, `invalid_input`, with `details.field`.
   */
  async reserve(machine: Machine, spec: MachineSpec): Promise<() => void> {
    const wanted = effectiveForwards(spec);
    this.#assertNoMachineHas(machine, wanted, spec);
    this.#reserved.set(machine.id, wanted);
    const release = (): void => void this.#reserved.delete(machine.id);
    try {
      await assertFree(wanted, spec);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Gives a machine that runs the forwards of its new definition, all of them or none.
   * @returns how to take that back; null where nothing was to be done.
   * @throws AppError as {@link reserve}, or `qmp_failed`, `network_unavailable`; then they are as before.
   */
  apply(machine: Machine, spec: MachineSpec): Promise<UndoPorts | null> {
    const turn = (this.#turns.get(machine) ?? Promise.resolve()).then(() =>
      this.#change(machine, spec),
    );
    this.#turns.set(
      machine,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #change(machine: Machine, spec: MachineSpec): Promise<UndoPorts | null> {
    // A start under way has its ports from the definition as it was: they change as soon as there is a QEMU.
    if (machine.state === 'starting' && !isSame(machine.runSpec?.portForwards, spec.portForwards)) {
      await machine.settled();
    }
    const { live, runSpec } = machine;
    if (live === null || !live.reachable || runSpec === null) return null;
    // A machine that runs offline has no device that a port could lead to: they wait for its next start.
    if (runSpec.network === 'offline') return null;
    const before = runSpec.portForwards;
    const wanted = spec.portForwards;
    if (isSame(before, wanted)) {
      machine.forwardsApplied(wanted); // in another order, maybe
      return null;
    }
    assertNoTwins(spec);
    const added = without(wanted, before);
    const closed = without(before, wanted);
    this.#assertNoMachineHas(machine, added, spec);
    await assertFree(added, spec, closed);
    const fenced = runSpec.network === 'internet';
    await live.changeForwards(before, wanted, fenced).catch(async (error: unknown) => {
      // Somebody was faster than the check: then it has a name now.
      if (error instanceof AppError && error.code === 'port_taken') {
        this.#assertNoMachineHas(machine, added, spec);
        await assertFree(added, spec, closed);
      }
      throw error;
    });
    machine.forwardsApplied(wanted);
    return async () => {
      await live.changeForwards(wanted, before, fenced);
      machine.forwardsApplied(before);
    };
  }

  #assertNoMachineHas(machine: Machine, wanted: readonly PortForward[], spec: MachineSpec): void {
    for (const other of this.#machines()) {
      if (other === machine) continue;
      const has = this.#forwardsOf(other);
      const forward = wanted.find((one) => has.some((each) => collide(one, each)));
      if (forward === undefined) continue;
      throw new AppError(
        'port_taken',
        `${portName(forward)} leads into the machine “${other.spec.name}” already. Choose another port, or stop that machine.`,
        { details: { field: fieldOf(forward, spec), machineId: other.id } },
      );
    }
  }

  #forwardsOf(machine: Machine): readonly PortForward[] {
    const reserved = this.#reserved.get(machine.id);
    if (reserved !== undefined) return reserved;
    // One that is about to start has no port before its turn came.
    if (machine.state === 'starting' || machine.runSpec === null) return [];
    return effectiveForwards(machine.runSpec);
  }
}

/** What {@link checkNetwork} finds before a start. @throws AppError `port_taken`. */
function assertNoTwins({ portForwards }: MachineSpec): void {
  const index = secondOfTwins(portForwards);
  if (index < 0) return;
  throw new AppError('port_taken', twinsMessage, { details: { field: `portForwards.${index}` } });
}

/** In whatever order. */
function isSame(a: readonly PortForward[] = [], b: readonly PortForward[] = []): boolean {
  return without(a, b).length + without(b, a).length === 0;
}

/**
 * @param leaving forwards that the machine itself has now and closes first.
 * @throws AppError `port_taken`, `permission_denied`, `invalid_input`.
 */
async function assertFree(
  wanted: readonly PortForward[],
  spec: MachineSpec,
  leaving: readonly PortForward[] = [],
): Promise<void> {
  for (const forward of wanted) {
    if (leaving.some((each) => collide(each, forward))) continue;
    const refusal = await tryPort(forward);
    if (refusal !== null) throw await explain(refusal, forward, fieldOf(forward, spec));
  }
}

async function explain(refusal: string, forward: PortForward, field: string): Promise<AppError> {
  const port = portName(forward);
  if (refusal === 'EACCES') {
    return new AppError(
      'permission_denied',
      `${port} may not be opened by you: ports below 1024 are the system’s (net.ipv4.ip_unprivileged_port_start). Choose 1024 or more.`,
      { details: { field } },
    );
  }
  if (refusal === 'EADDRNOTAVAIL') {
    return new AppError(
      'invalid_input',
      `This computer does not have the address ${forward.hostAddress}. Use 127.0.0.1, or 0.0.0.0 for all that it has.`,
      { details: { field } },
    );
  }
  if (refusal !== 'EADDRINUSE') {
    return new AppError('port_taken', `${port} cannot be opened (${refusal}).`, {
      details: { field },
    });
  }
  const holder = await findHolder(forward);
  const who =
    holder === null
      ? 'another user’s program, or the system'
      : `the program “${holder.name}” (process ${holder.pid})`;
  return new AppError('port_taken', `${port} is taken by ${who}. Choose another port, or end it.`, {
    details: { field, ...(holder === null ? {} : { pid: holder.pid, program: holder.name }) },
  });
}

function portName({ protocol, hostAddress, hostPort }: PortForward): string {
  return `Port ${hostPort} (${protocol}, ${hostAddress})`;
}

function fieldOf(forward: PortForward, spec: MachineSpec): string {
  return `portForwards.${spec.portForwards.indexOf(forward)}`;
}
