/** Container images as microVMs: what their command sees, and how it ends. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runFiles } from '../../src/main/host/index.ts';
import type { Container, ImageView } from '../../src/shared/index.ts';
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

describe('the command of a container', () => {
  it('sees its own root, environment, names and devices, and its exit code is told', async () => {
    const { text, view } = await scene.run(
      image,
      [
        'echo "<$GREETING $EXTRA $HOME $HOSTNAME $(hostname) $(pwd)>"',
        'echo "<$(id)>"',
        'cat /etc/hosts /etc/hostname',
        'for f in /dev/null /dev/ptmx /dev/pts /dev/shm /proc/self /sys/class /dev/stdout /run /tmp; do [ -e $f ] || echo "missing $f"; done',
        'mount | grep -E " / | /dev/shm | /run " | while read a b c d e f; do echo "at $c: $e"; done',
        'touch /etc/written && echo writable',
        'tty',
        'exit 7',
      ].join('; '),
      {
        environment: [{ name: 'EXTRA', value: 'two words $HOME' }],
        workingDirectory: '/srv/made',
      },
      { name: 'Seven Up' },
    );
    expect(text).toContain('<hello two words $HOME /root seven-up seven-up /srv/made>');
    expect(text).toContain('<uid=0(root) gid=0(root)>');
    expect(text).toContain('127.0.0.1 localhost');
    expect(text).not.toContain('missing ');
    expect(text).toContain('at /: overlay');
    expect(text).toContain('at /dev/shm: tmpfs');
    expect(text).toContain('writable');
    expect(text).toContain('/dev/ttyS0');
    expect(view).toMatchObject({
      state: 'stopped',
      problem: null,
      run: {
        end: { kind: 'command-ended', expected: true, exitCode: 7 },
        boot: { reached: 'ready' },
      },
    });
  });

  it('runs as the user that was asked for, with that user’s groups and home', async () => {
    const script = 'echo "<$(id)> <$HOME>"; echo owned >/dev/stdout; exit 0';
    const { text, view } = await scene.run(image, script, { user: 'worker' });
    expect(text).toContain('<uid=1000(worker) gid=1000(worker) groups=29(audio)> </home/worker>');
    expect(text).toContain('owned');
    expect(view.run?.end).toMatchObject({ exitCode: 0, message: 'The command ended.' });
    const numbers = await scene.run(image, 'echo "<$(id -u) $(id -g)>"', { user: '12345:54321' });
    expect(numbers.text).toContain('<12345 54321>');
  });

  describe('that fails', () => {
    let broken: ImageView;
    beforeAll(async () => {
      broken = await scene.image(
        'broken',
        { Cmd: ['sh'] },
        { files: { 'broken.sh': '#!/opt/nothing\n' } },
      );
    });
    it.each([
      ['a program that is not there', { command: ['/bin/absent'] }, /no program “\/bin\/absent”/],
      ['a user that is not there', { user: 'nobody-such' }, /no user “nobody-such”/],
      ['a group that is not there', { user: 'root:nosuch' }, /no group “nosuch”/],
      [
        'a file without its interpreter',
        { command: ['/broken.sh'] },
        /“\/broken.sh” is there, but not the interpreter/,
      ],
      ['a file that may not be executed', { command: ['/etc/passwd'] }, /may not be executed/],
    ] as const)('says what is wrong with %s', async (_name, container, message) => {
      const { view } = await scene.run(broken, '', {
        command: null,
        ...container,
      } as Partial<Container>);
      expect(view).toMatchObject({
        state: 'crashed',
        run: { end: { kind: 'command-failed', expected: false } },
        problem: { code: 'command_failed' },
      });
      expect(view.problem?.message).toMatch(message);
      expect(view.problem?.details['field']).toMatch(/^container\./);
    });
  });

  it('refuses before the start: no command, an image that is gone, a secret without a value', async () => {
    const bare = await scene.image('bare', {});
    const start = async (container: Partial<Container>, from = bare): Promise<unknown> =>
      services.manager
        .start((await scene.machine(from, container)).id)
        .catch((error: unknown) => error);
    expect(await start({})).toMatchObject({ code: 'no_command' });
    const gone = `sha256:${'0'.repeat(64)}`;
    expect(await start({ digest: gone, command: ['sh'] })).toMatchObject({ code: 'image_missing' });
    expect(await start({ command: ['sh'], secrets: ['TOKEN'] })).toMatchObject({
      code: 'secret_missing',
      message: expect.stringContaining('“TOKEN”') as string,
    });
  });

  it('gets its secrets, which are neither in the command line nor in what is written down', async () => {
    const secret = 'correct-horse-battery';
    const machine = await scene.machine(image, {
      command: ['sh', '-c', 'echo "<$(echo -n "$TOKEN" | sha256sum)>"'],
      secrets: ['TOKEN'],
    });
    services.secrets.set(machine.id, { TOKEN: secret });
    const view = new TestView();
    services.manager.openConsole(machine.id, view.sink);
    await services.manager.start(machine.id);
    const record = readFileSync(
      runFiles(services.paths, services.manager.get(machine.id).run?.id ?? ('' as never))
        .launchRecord,
      'utf8',
    );
    const { argv } = services.manager.get(machine.id).run ?? { argv: [] };
    await services.untilState(machine.id, 'stopped');
    const digest = createHash('sha256').update(secret).digest('hex');
    expect(view.text).toContain(`<${digest}`);
    expect(record).toContain('TOKEN');
    expect(record + argv.join(' ') + JSON.stringify(services.journal)).not.toContain(secret);
  });

  it('gets variables and words that are longer than a frame of its port', async () => {
    const value = 'y'.repeat(110_000);
    const { text } = await scene.run(image, 'echo "<${#LONG} ${#GREETING}>"', {
      environment: [{ name: 'LONG', value }],
    });
    expect(text).toContain('<110000 5>');
  });

  it('is told to have run out of memory when the guest’s kernel killed something for want of it', async () => {
    const { text, view } = await scene.run(
      image,
      'echo 1 >/proc/sys/vm/overcommit_memory; dd if=/dev/zero of=/dev/null bs=1G; echo "dd: $?"; exit 137',
    );
    expect(text).toContain('dd: 137');
    expect(view.run?.end).toMatchObject({
      ...{ kind: 'command-ended', exitCode: 137, outOfMemory: true },
      message: expect.stringContaining('its kernel killed a process: give the machine') as string,
    });
    const killed = await scene.run(image, 'kill -9 $$');
    expect(killed.view.run?.end).toEqual({
      ...{ kind: 'command-ended', expected: true, exitCode: 137 },
      message: 'The command ended with exit code 137: it was killed, signal 9 (SIGKILL).',
    });
  });

  it('sees only its own processes, the first of which nothing in it can kill', async () => {
    const { text } = await scene.run(image, 'kill -9 1; cat /proc/1/comm; ps -o pid,args | wc -l');
    expect(text).toMatch(/\nnandu-init\n[3-6]\n/);
  });

  it('reaps what it leaves behind, and takes everything with it when it ends', async () => {
    const { text } = await scene.run(
      image,
      'for n in $(seq 20); do (sleep 0.01 &) ; done; sleep 1; ps -o stat,args | grep -c "^Z"; (sleep 1000 &); exit 3',
    );
    expect(text).toMatch(/\n0\n/);
  });
});

describe('stopping a container', () => {
  it('sends its stop signal, waits for it, and tells its exit code', async () => {
    const polite = await scene.image('polite', {
      Cmd: ['sh'],
      StopSignal: 'SIGUSR1',
      Env: ['PATH=/bin'],
    });
    const machine = await scene.machine(polite, {
      command: [
        'sh',
        '-c',
        'trap "echo told; exit 5" USR1; echo now-up; while :; do sleep 0.1; done',
      ],
    });
    const view = new TestView();
    services.manager.openConsole(machine.id, view.sink);
    await services.manager.start(machine.id);
    await view.shows('now-up');
    await services.manager.stop(machine.id);
    expect(view.text).toContain('told');
    expect(services.manager.get(machine.id)).toMatchObject({
      state: 'stopped',
      run: { end: { kind: 'stopped', exitCode: 5 } },
    });
  });

  it('kills a command that does not listen, and still ends the machine in order', async () => {
    const machine = await scene.machine(
      image,
      {
        command: ['sh', '-c', 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'],
        storage: 'disk',
        diskMiB: 64,
      },
      { stopDeadlines: { askGuestMs: 4_000, quitMs: 2_000, terminateMs: 2_000 } },
    );
    const view = new TestView();
    services.manager.openConsole(machine.id, view.sink);
    await services.manager.start(machine.id);
    await view.shows('deaf');
    await services.manager.stop(machine.id);
    expect(services.manager.get(machine.id).run?.end).toMatchObject({
      ...{ kind: 'stopped', exitCode: 137 },
      message: 'Stopped. The command ended with exit code 137: it was killed, signal 9 (SIGKILL).',
    });
  });

  it('is Nandu’s own doing when its time is over', async () => {
    const machine = await scene.machine(
      image,
      { command: ['sh', '-c', 'echo now-up; while :; do sleep 0.1; done'] },
      { lifetimeMinutes: 1 },
    );
    await services.manager.start(machine.id);
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    try {
      await services.untilState(machine.id, 'stopped');
    } finally {
      vi.useRealTimers();
    }
    expect(services.manager.get(machine.id).run?.end).toMatchObject({
      kind: 'lifetime-over',
      expected: true,
    });
  });
});

it('ends in order when something in the guest asks PID 1 to power off', async () => {
  const { text, view } = await scene.run(
    image,
    'trap "echo asked; exit 4" TERM; kill -USR2 1; while :; do sleep 0.1; done',
  );
  expect(text).toContain('asked');
  expect(view.run?.end).toMatchObject({ kind: 'command-ended', exitCode: 4 });
});

it('runs without Nandu by the copied script, which has no secret in it', async () => {
  const machine = await scene.machine(image, {
    command: ['sh', '-c', 'echo "<$GREETING ${TOKEN:-no token}>"; exit 2'],
    secrets: ['TOKEN'],
  });
  services.secrets.set(machine.id, { TOKEN: 'do-not-copy-this' });
  const { script } = await services.manager.command(machine.id);
  const decoded = Buffer.from(
    /<<'END' &\n([^]*)\nEND/.exec(script)?.[1] ?? '',
    'base64',
  ).toString();
  expect(script + decoded).not.toContain('do-not-copy-this');
  expect(script).toContain('“TOKEN”');
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { timeout: 50_000 });
  expect(stdout).toContain('<hello no token>');
});
