/**
 * From the start to the guest's prompt: QEMU by hand with and without tracing, Nandu, its Fast preset with the
 * fast kernel, and libvirt's q35. What is held against each other is taken in turns.
 */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { withPreset, type MachineId, type MachineSpec } from '../../src/shared/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { commandByHand, prompt, startByHand } from '../support/by-hand.ts';
import { Services } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';
import { figuresOf, type Figures } from './figures.ts';
import { fetchCloudKernel, Libvirt } from './libvirt.ts';
import { inTurns, ratioOfTurns } from './turns.ts';

/** Milliseconds, and ratios of turns; null where something is missing. */
export interface BootBench {
  readonly figures: Record<string, Figures>;
  readonly nanduToRaw: Figures | null;
  readonly fastToLibvirt: Figures | null;
  readonly measuringCostPercent: number | null;
  /** What could not be measured, and why. */
  readonly missing: readonly string[];
  readonly commands: Record<string, readonly string[]>;
}

/** Nandu and QEMU by hand differ by hundredths, and so much is wanted to be known: so many times the turns. */
const closeTurns = 4;
const restMs = 200;

/** @param rounds turns that count. */
export async function benchBoots(rounds: number, say: (line: string) => void): Promise<BootBench> {
  const folders = {
    data: temporaryDirectory(),
    raw: temporaryDirectory(),
    lv: temporaryDirectory(),
  };
  const services = await Services.open(folders.data);
  const missing: string[] = [];
  let libvirt: Libvirt | null = null;
  try {
    const host = await services.host.status();
    const { id } = await services.manager.create(services.spec());
    const { argv } = await services.manager.command(id);
    const ways: Record<string, () => Promise<number>> = {
      raw: () => startByHand(commandByHand(argv, folders.raw), folders.raw),
      untraced: () => startByHand(commandByHand(argv, folders.raw, { traced: false }), folders.raw),
      nandu: () => startInNandu(services, id),
    };
    const commands: Record<string, readonly string[]> = { raw: commandByHand(argv, '/tmp/raw') };
    if (host.fastKernel === null) missing.push('the fast kernel: run “npm run guest:kernel”');
    else {
      for (const [name, acpi] of [
        ['fast', false],
        ['fastWithAcpi', true],
      ] as const) {
        const fast = await services.manager.create(fastSpec(services, name, acpi));
        commands[name] = (await services.manager.command(fast.id)).argv;
        ways[name] = () => startInNandu(services, fast.id);
      }
    }
    try {
      libvirt = await startLibvirt(services, folders.lv);
      const started = libvirt;
      ways['libvirt'] = () => started.boot();
      say(`libvirt ${started.version}`);
    } catch (error) {
      missing.push(`libvirt: ${error instanceof Error ? error.message : String(error)}`);
    }

    const figures: Record<string, Figures> = {};
    const compare = async (name: string, other: string, turns: number): Promise<Figures | null> => {
      const [first, second] = [ways[name], ways[other]];
      if (first === undefined || second === undefined) return null;
      const taken = await inTurns(rested(first), rested(second), turns, (pair, firstMs, secondMs) =>
        say(`${pair} of ${turns}: ${name} ${firstMs.toFixed(0)}, ${other} ${secondMs.toFixed(0)}`),
      );
      // A way's own figures are those of its first comparison, which is the one with the most turns.
      figures[name] ??= figuresOf(taken.first);
      figures[other] ??= figuresOf(taken.second);
      const ratio = ratioOfTurns(taken);
      say(`${name} to ${other}: ${ratio.median} (middle half ${ratio.q1}–${ratio.q3})`);
      return ratio;
    };
    const nanduToRaw = await compare('nandu', 'raw', rounds * closeTurns);
    const tracedToUntraced = await compare('raw', 'untraced', rounds * 2);
    const fastToLibvirt = await compare('fast', 'libvirt', rounds);
    await compare('fastWithAcpi', 'fast', rounds);
    const measuringCostPercent =
      tracedToUntraced && Number(((tracedToUntraced.median - 1) * 100).toFixed(2));
    return {
      ...{ figures, nanduToRaw, fastToLibvirt, measuringCostPercent },
      ...{ missing, commands },
    };
  } finally {
    await libvirt?.end();
    await services.close();
    for (const path of Object.values(folders)) rmSync(path, { recursive: true, force: true });
  }
}

/** What the one before leaves to be cleared away is not the next one's. */
function rested(way: () => Promise<number>): () => Promise<number> {
  return async () => {
    await delay(restMs);
    return way();
  };
}

/** The Fast preset with the fast kernel, as it is (without ACPI), or with ACPI. */
export function fastSpec(services: Services, name: string, acpi: boolean): MachineSpec {
  const spec = withPreset(services.spec({ name, kernel: { kind: 'fast' } }), 'fast');
  return {
    ...spec,
    accelerator: 'tcg',
    board: { ...spec.board, acpi },
  };
}

/** @returns milliseconds from the start's request until the prompt was in a view. */
export async function startInNandu(services: Services, id: MachineId): Promise<number> {
  const view = new TestView();
  const console = services.manager.openConsole(id, view.sink);
  const before = view.replays;
  const startedAt = performance.now();
  const starting = services.manager.start(id);
  // The last run's words are replayed until the new one begins.
  await view.showsAfterReplay(prompt, before);
  const tookMs = performance.now() - startedAt;
  await starting;
  console.close();
  await services.manager.forceStop(id);
  return tookMs;
}

async function startLibvirt(services: Services, folder: string): Promise<Libvirt> {
  const { defaultKernel } = await services.host.status();
  if (defaultKernel === null) throw new Error('there is no guest kernel');
  const packed = temporaryDirectory();
  try {
    const kernelPath = await fetchCloudKernel(packed);
    return await Libvirt.start(folder, {
      ...{ kernelPath, initrdPath: defaultKernel.initrdPath, memoryMiB: 256 },
    });
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
}
