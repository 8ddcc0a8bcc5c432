import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withPreset, type LabPlan, type LabVariant } from '../../src/shared/index.ts';
import { endLeftovers } from '../../src/main/lab/leftovers.ts';
import { isAlive } from '../../src/main/host/index.ts';
import { readLaunchRecord } from '../../src/main/machines/index.ts';
import { readyVariants } from '../../src/renderer/lab/ready-variants.ts';
import { Services, withDataDirectory } from '../support/services.ts';

function variant(
  services: Services,
  name: string,
  change: Parameters<Services['spec']>[0] = {},
): LabVariant {
  return { name, board: 'microvm', spec: services.spec({ quietKernel: true, ...change }) };
}

function planOf(variants: LabVariant[], rounds: number): LabPlan {
  return { name: 'Boards', variants, rounds, warmUps: 0 };
}

it('boots microvm and q35 in turns, reports a variant that cannot boot, and leaves nothing', async () => {
  await withDataDirectory(async (path) => {
    const services = await Services.open(path);
    const { lab } = services;
    const q35: LabVariant = { ...variant(services, 'q35'), board: 'q35' };
    const broken = variant(services, 'no init', { commandLine: 'rdinit=/nowhere' });
    const { id } = lab.start(planOf([variant(services, 'microvm'), q35, broken], 3));
    expect(() => lab.start(planOf([q35], 1))).toThrow(/Two at a time/);
    const end = await services.untilExperiment(({ state }) => state !== 'running');
    expect(end).toMatchObject({ state: 'finished', done: 8, total: 8, booting: null });

    const { results, commands } = lab.get(id);
    const of = (index: number): typeof results => results.filter((one) => one.variant === index);
    for (const index of [0, 1]) {
      expect(of(index).map(({ failure }) => failure)).toEqual([null, null, null]);
      expect(of(index).every(({ boot }) => boot?.reached === 'ready')).toBe(true);
    }
    // Twice was enough to see that it never will.
    expect(of(2).map(({ failure }) => failure?.message)).toEqual([
      expect.stringMatching(/panic/i),
      expect.stringMatching(/panic/i),
    ]);
    expect(of(2)[0]?.failure?.log.join()).toMatch(/Kernel panic - not syncing/);
    expect(
      commands.map((command) => command?.argv.find((word) => /^(microvm|q35)/.test(word))),
    ).toEqual([expect.stringMatching(/^microvm/), 'q35', expect.stringMatching(/^microvm/)]);
    // No machine of a person's came of it, no process, socket or log stayed.
    expect(services.manager.list()).toEqual([]);
    expect(readdirSync(services.paths.runtime)).toEqual([]);
    expect(readdirSync(join(services.paths.state, 'runs'))).toEqual([]);
    expect(services.problems).toEqual([]);
    await services.close();
  });
});

it('ends where the reference is given up, says why, and keeps the boots of the others', async () => {
  await withDataDirectory(async (path) => {
    const services = await Services.open(path);
    const broken = variant(services, 'no init', { commandLine: 'rdinit=/nowhere' });
    const { id } = services.lab.start(planOf([broken, variant(services, 'microvm')], 20));
    const end = await services.untilExperiment(({ state }) => state !== 'running');
    expect(end).toMatchObject({ state: 'finished', trouble: 'no-reference', booting: null });
    expect(end.done).toBe(end.total);
    const { results } = services.lab.get(id);
    expect(results).toHaveLength(end.done);
    // In turns: when the first has failed twice, the other was booted once or twice.
    expect(results.length).toBeLessThanOrEqual(4);
    const others = results.filter((one) => one.variant === 1);
    expect(others.length).toBeGreaterThan(0);
    expect(others.every(({ failure }) => failure === null)).toBe(true);
    expect(services.lab.list()).toMatchObject([{ trouble: 'no-reference', done: end.done }]);
    await services.close();
  });
});

it('boots the yardstick of machines whose own board has no ACPI', async ({ annotate }) => {
  await withDataDirectory(async (path) => {
    const services = await Services.open(path);
    const status = await services.host.status();
    const spec = services.spec({ quietKernel: true });
    const fast = withPreset({ ...spec, kernel: { kind: 'fast' } }, 'fast');
    const bases = [
      fast,
      { ...spec, board: { ...spec.board, acpi: false } },
      withPreset(spec, 'minimal'),
    ];
    const yardsticks = bases.map((base, index): LabVariant => {
      const found = readyVariants(base, status).find(({ key }) => key === 'q35');
      expect(found?.problem).toBeNull();
      return { ...(found?.variant ?? expect.unreachable()), name: `q35 ${index}` };
    });
    // A plan from elsewhere may still have the definition as it is.
    yardsticks.push({ name: 'q35 as written', board: 'q35', spec: bases[1] ?? spec });
    const itself: LabVariant[] = [{ name: 'fast', board: 'microvm', spec: fast }];
    if (status.fastKernel === null) {
      itself.pop();
      const skipped = 'Not booted beside its yardstick: there is no fast kernel here.';
      console.warn(skipped);
      await annotate(skipped, 'warning');
    }
    const { id } = services.lab.start(planOf([...yardsticks, ...itself], 1));
    const end = await services.untilExperiment(({ state }) => state !== 'running');
    expect(end.state).toBe('finished');
    const { results, commands } = services.lab.get(id);
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => null));
    expect(results.every(({ boot }) => boot?.reached === 'ready')).toBe(true);
    const boards = commands.map((one) => one?.argv.find((word) => /^(microvm|q35)/.test(word)));
    expect(boards.slice(0, 4)).toEqual(['q35', 'q35', 'q35', 'q35']);
    expect(results).toHaveLength(4 + itself.length);
    await services.close();
  });
});

it('pauses, and goes on where it was, also in the next Nandu', async () => {
  await withDataDirectory(async (path) => {
    const first = await Services.open(path);
    const { id } = first.lab.start(
      planOf([variant(first, 'one'), variant(first, 'two', { memoryMiB: 128 })], 2),
    );
    await first.untilExperiment(({ done, booting }) => done === 1 && booting !== null);
    expect(await first.lab.pause(id)).toMatchObject({ state: 'paused', done: 1, booting: null });
    expect(readdirSync(first.paths.runtime)).toEqual([]);
    const counted = first.lab.get(id).results;
    first.lab.resume(id);
    await first.untilExperiment(({ done, booting }) => done === 2 && booting !== null);
    await first.close();

    const second = await Services.open(path);
    expect(second.lab.list()).toMatchObject([{ state: 'interrupted', done: 2, total: 4 }]);
    second.lab.resume(id);
    await second.untilExperiment(({ state }) => state === 'finished');
    const { results } = second.lab.get(id);
    expect(results).toHaveLength(4);
    expect(results).toEqual(expect.arrayContaining(counted));
    await expect(second.lab.cancel(id)).rejects.toThrow(/over/);
    second.lab.remove(id);
    expect(second.lab.list()).toEqual([]);
    expect(second.problems).toEqual([]);
    await second.close();
  });
});

it('ends a boot whose Nandu is gone, and nobody else’s', async () => {
  await withDataDirectory(async (path) => {
    const services = await Services.open(path);
    const { id } = await services.manager.create(services.spec());
    await services.manager.start(id);
    services.lab.start(planOf([variant(services, 'one')], 1));
    const { paths } = services;
    const { runtime, database } = paths;
    const fail = (error: unknown): never => expect.unreachable(String(error));
    const records = async (): Promise<
      NonNullable<Awaited<ReturnType<typeof readLaunchRecord>>>[]
    > =>
      (
        await Promise.all(
          readdirSync(runtime).map((name) => readLaunchRecord(join(runtime, name, 'launch.json'))),
        )
      ).filter((record) => record !== null);
    const ofLab = (): Promise<{ pid: number; startTicks: number } | undefined> =>
      records().then((all) => all.find((record) => record.database === `${database}#lab`));
    await expect.poll(ofLab, { timeout: 20_000 }).toBeDefined();
    const boot = (await ofLab()) ?? expect.unreachable();

    await endLeftovers(paths, `${path}/another.db#lab`, fail);
    expect(isAlive(boot)).toBe(true);
    await endLeftovers(paths, `${database}#lab`, fail);
    await expect.poll(() => isAlive(boot)).toBe(false);
    expect(services.manager.get(id).state).toBe('running');
    await services.untilExperiment(({ state }) => state === 'finished');
    await services.close();
  });
});
