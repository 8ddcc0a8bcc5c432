/** What stays of a container's machine when its guest starts anew or ends: its image's name, its disk, its last words. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultContainer, type Container, type ImageView } from '../../src/shared/index.ts';
import { ContainerScene } from '../support/containers.ts';
import type { Services } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';

let scene: ContainerScene;
let services: Services;
let image: ImageView;

beforeAll(async () => {
  scene = await ContainerScene.open();
  services = scene.services;
  image = await scene.image('plain', { Cmd: ['sh'], Env: ['GREETING=hello', 'PATH=/bin'] });
}, 60_000);

afterAll(async () => {
  await services.close();
  expect(services.problems).toEqual([]);
}, 60_000);

describe('reboot(2) in a container', () => {
  // Without a namespace of processes `halt -f` stopped the guest's CPUs, and the machine was Running for ever.
  it.each(['halt', 'poweroff'])('ends the machine by %s -f', async (verb) => {
    const { text, view } = await scene.run(image, `echo ran; busybox ${verb} -f; echo still here`);
    expect(text).toContain('ran');
    expect(text).not.toContain('still here');
    expect(view).toMatchObject({
      state: 'stopped',
      run: { end: { kind: 'guest-shutdown', expected: true } },
    });
  });

  it('ends the machine also out of a shell beside the command', async () => {
    const { machine } = await scene.start(image, 'while :; do sleep 1; done');
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    services.manager.openShell(machine.id, new TestView().sink, ['busybox', 'halt', '-f']);
    const { run } = await services.untilState(machine.id, 'stopped');
    expect(run?.end).toMatchObject({ kind: 'guest-shutdown', expected: true });
  });

  it('starts it anew by reboot -f, with all that was written', async () => {
    const { machine, view } = await scene.start(
      image,
      '[ -e /root/written ] && exit 6; echo x >/root/written; busybox reboot -f',
      { storage: 'disk', diskMiB: 64 },
    );
    const { run } = await services.until(
      machine.id,
      ({ run }) => run?.number === 2 && run.end !== null,
    );
    expect(run?.end).toMatchObject({ kind: 'command-ended', exitCode: 6 });
    expect(view.text).not.toContain('recovery');
  });
});

it('is known by the name that it was asked for last, and mended when its file is damaged', async () => {
  const first = await scene.image('one-name');
  const machine = await scene.machine(first, { command: ['sh', '-c', 'echo whole'] });
  const found = await services.images.rootOf(first.digest);
  if (found === null) throw new Error('the image is not there');
  const sound = readFileSync(found.rootPath);
  writeFileSync(found.rootPath, Buffer.alloc(sound.byteLength, 'damage'));
  await services.manager.start(machine.id);
  const crashed = await services.untilState(machine.id, 'crashed');
  expect(crashed.problem?.message).toContain('Pull the image again');

  const again = await scene.image('another-name');
  expect(again.digest).toBe(first.digest);
  expect(again.source).toContain('another-name');
  await services.manager.start(machine.id);
  expect(await services.untilState(machine.id, 'stopped')).toMatchObject({
    run: { end: { exitCode: 0 } },
  });
});

it('is what its name means now only as long as that name was not got as another image', async () => {
  const files = (text: string): { files: Record<string, string> } => ({ files: { what: text } });
  const got: ImageView[] = [];
  for (const text of ['first', 'second', 'first']) {
    got.push(await scene.image('moving', { Cmd: ['sh'] }, files(text)));
  }
  expect(got[2]?.digest).toBe(got[0]?.digest);
  const listed = (await services.images.list()).filter(({ source }) => source === got[0]?.source);
  expect(new Map(listed.map(({ digest, isMeant }) => [digest, isMeant]))).toEqual(
    new Map([
      [got[0]?.digest, true],
      [got[1]?.digest, false],
    ]),
  );
});

it('is judged with what its machine has: a secret without a value, a disk that is to shrink', async () => {
  const { id, spec } = await scene.machine(image, {
    secrets: ['TOKEN'],
    storage: 'disk',
    diskMiB: 64,
  });
  const codes = async (change: Partial<Container> = {}): Promise<string[]> => {
    if (spec.container === null) throw new Error('no container');
    const wanted = { ...spec, container: { ...spec.container, ...change } };
    return (await services.manager.check(wanted, id)).map(({ code }) => code);
  };
  expect(await codes()).toEqual(['secret_missing']);
  services.secrets.set(id, { TOKEN: 'x' });
  expect(await codes()).toEqual([]);
  await services.manager.start(id);
  await services.manager.stop(id);
  await services.manager.update(id, {
    ...spec,
    container: { ...defaultContainer, ...spec.container, diskMiB: 128 } as Container,
  });
  await services.manager.start(id);
  await services.manager.stop(id);
  expect(await codes()).toEqual(['kept-disk-larger']);
});

describe('what is written', () => {
  it('stays on a kept disk, which grows, and is gone from memory', async () => {
    const script =
      'cat /root/count 2>/dev/null || echo none; echo again >>/root/count; df -k / | tail -n 1; sync';
    const machine = await scene.machine(image, {
      command: ['sh', '-c', script],
      storage: 'disk',
      diskMiB: 64,
    });
    const view = new TestView();
    services.manager.openConsole(machine.id, view.sink);
    const once = async (): Promise<{ text: string; kiB: number }> => {
      await services.manager.start(machine.id);
      await services.untilState(machine.id, 'stopped');
      const text = view.text.replaceAll('\r', '');
      return { text, kiB: Number(/overlay +(\d+)/.exec(text)?.[1]) };
    };
    const first = await once();
    expect(first.text).toContain('none');
    const { spec } = services.manager.get(machine.id);
    if (spec.container === null) throw new Error('no container');
    await services.manager.update(machine.id, {
      ...spec,
      container: { ...spec.container, diskMiB: 256 },
    });
    const second = await once();
    expect(second.text).toContain('again');
    expect(first.kiB).toBeLessThan(70_000);
    expect(second.kiB).toBeGreaterThan(200_000);

    const disk = join(services.paths.machineDisks, `${machine.id}.ext4`);
    expect(statSync(disk).size).toBe(256 * 1024 * 1024);
    await services.manager.remove(machine.id, false);
    expect(existsSync(disk)).toBe(false);
  });

  it('leaves nothing of a machine that ran once but its last words', async () => {
    const machine = await scene.machine(image, {
      command: ['sh', '-c', 'echo last words; exit 9'],
      runOnce: true,
    });
    services.secrets.set(machine.id, { TOKEN: 'x' });
    await services.manager.start(machine.id);
    await expect.poll(() => services.endedOnce.length, { timeout: 30_000 }).toBe(1);
    expect(services.endedOnce[0]).toMatchObject({ name: machine.spec.name, exitCode: 9 });
    expect(services.endedOnce[0]?.lines).toContain('last words');
    expect(services.manager.list().map(({ id }) => id)).not.toContain(machine.id);
    expect(services.secrets.names(machine.id)).toEqual([]);
  });

  it('stays when a machine that runs once is restarted, or fails before its command ran', async () => {
    const before = services.endedOnce.length;
    const machine = await scene.machine(image, {
      ...{ command: ['sh', '-c', 'echo now-up; while :; do sleep 1; done'], runOnce: true },
    });
    await services.manager.start(machine.id);
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    await services.manager.restart(machine.id);
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    expect(services.endedOnce.length).toBe(before);
    await services.manager.stop(machine.id);
    await expect.poll(() => services.endedOnce.length).toBe(before + 1);

    const failing = await scene.machine(image, { command: ['/absent'], runOnce: true });
    await services.manager.start(failing.id);
    await services.untilState(failing.id, 'crashed');
    expect(services.endedOnce.length).toBe(before + 1);
  });
});
