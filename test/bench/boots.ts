/**
 * From the start to the guest's prompt: QEMU by hand with and without tracing, Nandu, its Fast preset with the
 * fast kernel, and libvirt's q35. All within each round, in an order by chance; the first round fills the caches and is left out.
 */
import { rmSync } from 'node:fs';
import {
  randomOf,
  shuffled,
  withPreset,
  type MachineId,
  type MachineSpec,
} from '../../src/shared/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { commandByHand, prompt, startByHand } from '../support/by-hand.ts';
import { Services } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';
import { figuresOf, ratioOf, type Figures } from './figures.ts';
import { fetchCloudKernel, Libvirt } from './libvirt.ts';

/** Milliseconds. */
export interface BootBench {
  readonly figures: Record<string, Figures>;
  readonly nanduToRaw: Figures;
  readonly fastToLibvirt: Figures | null;
  readonly measuringCostPercent: number;
  /** What could not be measured, and why. */
  readonly missing: readonly string[];
  readonly commands: Record<string, readonly string[]>;
}

/** What is held against each other stays together: ten seconds later a busy host is another host. */
const neighbours = [
  ['raw', 'untraced', 'nandu'],
  ['fast', 'fastWithAcpi', 'libvirt'],
] as const;

/**
 * Nandu and QEMU by hand differ by a hundredth, and one boot from the next by a fifth on a busy host: their median
 * ratio takes so many times the rounds of the others.
 */
const pairsForRounds = 4;

/** @param rounds that count. */
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
    const samples = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
    const names = Object.keys(ways);
    const last = (name: string): string => samples[name]?.at(-1)?.toFixed(0) ?? '(warm-up)';
    const random = randomOf(1);
    for (let round = 0; round <= rounds; round++) {
      // Shuffled, so that nobody always follows the same neighbour and pays for its end.
      const order = shuffled(neighbours, random).flatMap((group) =>
        shuffled(
          group.filter((name) => Object.hasOwn(ways, name)),
          random,
        ),
      );
      for (const name of order) {
        const ms = (await ways[name]?.()) ?? Number.NaN;
        if (round > 0) samples[name]?.push(ms);
      }
      say(`round ${round}: ${names.map((name) => `${name} ${last(name)}`).join(', ')}`);
    }
    for (let pair = rounds; pair < rounds * pairsForRounds; pair++) {
      for (const name of shuffled(['raw', 'nandu'], random)) {
        samples[name]?.push((await ways[name]?.()) ?? Number.NaN);
      }
      say(`pair ${pair + 1}: raw ${last('raw')}, nandu ${last('nandu')}`);
    }
    const of = (name: string): number[] => samples[name] ?? [];
    const cost = ratioOf(of('raw').slice(0, rounds), of('untraced')).median - 1;
    return {
      figures: Object.fromEntries(names.map((name) => [name, figuresOf(of(name))])),
      nanduToRaw: ratioOf(of('nandu'), of('raw')),
      fastToLibvirt:
        of('fast').length > 0 && of('libvirt').length > 0
          ? ratioOf(of('fast'), of('libvirt'))
          : null,
      measuringCostPercent: Number((cost * 100).toFixed(2)),
      ...{ missing, commands },
    };
  } finally {
    await libvirt?.end();
    await services.close();
    for (const path of Object.values(folders)) rmSync(path, { recursive: true, force: true });
  }
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
