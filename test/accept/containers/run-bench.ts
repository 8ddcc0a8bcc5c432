/**
 * How long a container takes from Run to its command's first output, against the bare boot of the same kernel:
 * the same machine with Nandu's own shell, from Start to its prompt. Interleaved, so that a noisy host hits both.
 */
import { defaultContainer, type MachineId } from '../../../src/shared/index.ts';
import { ContainerScene } from '../../support/containers.ts';
import { TestView } from '../../support/test-view.ts';

/** Medians in milliseconds, and the middle half of each. */
export interface RunBench {
  readonly runToOutputMs: number;
  readonly bareBootMs: number;
  /** Median of the ratios of neighbours. */
  readonly ratio: number;
  readonly exitCodeSeen: number | null;
}

/** @param rounds of each kind; the first, with cold caches, is left out. */
export async function benchRuns(rounds: number, say: (line: string) => void): Promise<RunBench> {
  const scene = await ContainerScene.open();
  const { services } = scene;
  try {
    const image = await scene.image('bench');
    const mark = 'first-words-of-the-command';
    const container = {
      ...defaultContainer,
      ...{ image: image.source, digest: image.digest },
      command: ['sh', '-c', 'echo "first-words-$(echo of-the-command)"; exit 7'],
    };
    const common = { quietKernel: true, memoryMiB: 512 };
    const bare = await services.manager.create(services.spec({ ...common, name: 'bare' }));
    const run = await services.manager.create(
      services.spec({ ...common, name: 'container', container }),
    );
    const time = async (id: MachineId, wanted: string): Promise<number> => {
      const view = new TestView();
      const console = services.manager.openConsole(id, view.sink);
      const before = view.replays;
      const startedAt = performance.now();
      const starting = services.manager.start(id);
      // The last run's words are replayed until the new one begins.
      await view.showsAfterReplay(wanted, before);
      const tookMs = performance.now() - startedAt;
      await starting;
      console.close();
      return tookMs;
    };
    const pairs: { bareMs: number; runMs: number }[] = [];
    let exitCodeSeen: number | null = null;
    for (let round = 0; round <= rounds; round += 1) {
      const bareMs = await time(bare.id, '/ # ');
      await services.manager.stop(bare.id);
      const runMs = await time(run.id, mark);
      const ended = await services.untilState(run.id, 'stopped');
      exitCodeSeen = ended.run?.end?.exitCode ?? null;
      if (round > 0) pairs.push({ bareMs, runMs });
      say(`run ${round}: bare ${bareMs.toFixed(0)} ms, container ${runMs.toFixed(0)} ms`);
    }
    return {
      runToOutputMs: Math.round(median(pairs.map(({ runMs }) => runMs))),
      bareBootMs: Math.round(median(pairs.map(({ bareMs }) => bareMs))),
      ratio: Math.round(median(pairs.map(({ runMs, bareMs }) => runMs / bareMs)) * 1000) / 1000,
      exitCodeSeen,
    };
  } finally {
    await services.close();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
