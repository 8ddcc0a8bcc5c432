/** Shells beside a container's command, its terminal, and what outlives the app. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageView, ToView } from '../../src/shared/index.ts';
import { ContainerScene } from '../support/containers.ts';
import { FlowView, TestView } from '../support/test-view.ts';

let scene: ContainerScene;
let image: ImageView;

beforeAll(async () => {
  scene = await ContainerScene.open();
  image = await scene.image('plain');
}, 60_000);

afterAll(async () => {
  await scene.services.close();
  expect(scene.services.problems).toEqual([]);
}, 60_000);

const forever = 'echo now-up; while :; do sleep 1; done';

/** A shell's view that remembers its end. */
class ShellView extends TestView {
  ended: Extract<ToView, { type: 'ended' }> | null = null;
  readonly shellSink = {
    post: (message: ToView): void => {
      if (message.type === 'ended') this.ended = message;
      this.sink.post(message);
    },
  };
}

describe('shells', () => {
  it('are opened beside the command, on terminals of their own, with their sizes, keys and ends', async () => {
    const { services } = scene;
    const { machine } = await scene.start(image, forever, { user: 'worker' });
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    const views = [new ShellView(), new ShellView()] as const;
    const shells = views.map((view) => services.manager.openShell(machine.id, view.shellSink));
    const [first, second] = shells;
    first?.resize(123, 45);
    first?.input('echo "<$(stty size) $(id -un) $(tty)>"\r');
    second?.input('echo "<$(tty)>"\r');
    await views[0].shows('<45 123 worker /dev/pts/0>');
    await views[1].shows('</dev/pts/1>');

    // Ctrl+C ends what runs in the foreground, not the shell. What prints is in the foreground already: a shell that
    // is only about to start it would take the key for itself.
    first?.input('sh -c \'echo "asleep $((1 + 1))"; exec sleep 1000\'\r');
    await views[0].shows('asleep 2');
    first?.input('\x03');
    await views[0].shows('^C');
    first?.input('echo "still $((40 + 2))"\r');
    await views[0].shows('still 42');

    first?.input('exit 6\r');
    await expect.poll(() => views[0].ended).toMatchObject({ exitCode: 6 });
    second?.input('(trap "" HUP; sleep 1000) & sleep 1000\r');
    second?.close();
    await expect.poll(() => views[1].ended).toMatchObject({ type: 'ended' });

    const third = new ShellView();
    services.manager.openShell(machine.id, third.shellSink);
    await services.manager.stop(machine.id);
    expect(third.ended?.message).toContain('ended');
    expect(services.manager.get(machine.id).canOpenShell).toBe(false);
    expect(() => services.manager.openShell(machine.id, third.shellSink)).toThrow('does not run');
  });

  it('are Nandu’s own where the image has none, and as many as there is room for', async () => {
    const bare = await scene.image(
      'bare',
      { Cmd: ['/bin/busybox', 'sleep', '1000'] },
      { shell: false },
    );
    const { services } = scene;
    const { machine } = await scene.start(bare, '', { command: null });
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    const view = new ShellView();
    const shell = services.manager.openShell(machine.id, view.shellSink);
    shell.input('ls -d /etc/passwd /bin/sh; echo "done $((1 + 1))"\r');
    await view.shows('done 2');
    expect(view.text).toContain('Nandu');
    expect(view.text).toContain('/etc/passwd');
    for (let count = 1; count < 31; count += 1) services.manager.openShell(machine.id, view.sink);
    expect(() => services.manager.openShell(machine.id, view.sink)).toThrow('Close a shell');
    await services.manager.stop(machine.id);
  });

  it('or other programs: on a terminal with an end of their own, and on pipes with output and errors apart', async () => {
    const { services } = scene;
    const { machine } = await scene.start(image, forever);
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    const view = new ShellView();
    services.manager.openShell(machine.id, view.shellSink, [
      'sh',
      '-c',
      'tty; echo "a  b"; exit 21',
    ]);
    await expect
      .poll(() => view.ended)
      .toMatchObject({ exitCode: 21, message: 'It ended with exit code 21.' });
    expect(view.text).toBe('/dev/pts/0\r\na  b\r\n');
    const missing = new ShellView();
    services.manager.openShell(machine.id, missing.shellSink, ['no-such-program']);
    await expect.poll(() => missing.ended).toMatchObject({ exitCode: null });
    expect(missing.ended?.message).toContain('no program “no-such-program”');

    const live = services.manager.liveRun(machine.id);
    if (live === null) throw new Error('it does not run');
    const parts = { output: '', error: '' };
    const ended = new Promise<number | null>((resolve) => {
      const words = ['sh', '-c', 'wc -c; echo wrong >&2; [ ! -t 1 ] && exit 4'];
      const session = live.openSession({ words, terminal: null }, 1_000_000, {
        output: (data, stream) => (parts[stream] += data.toString()),
        ended: resolve,
      });
      session.write(Buffer.alloc(300_000, 'x'));
      session.end();
    });
    expect(await ended).toBe(4);
    expect(parts).toEqual({ output: '300000\n', error: 'wrong\n' });
    await services.manager.stop(machine.id);
  });

  it('are not held up by what the image or the guest puts in the place of its lists of users', async () => {
    const { services } = scene;
    const { machine, view } = await scene.start(
      image,
      `rm /etc/passwd /etc/group; mkdir /etc/group; cat /bin/busybox >/dev/null; busybox mkfifo /etc/passwd; ${forever}`,
    );
    await view.shows('now-up');
    const shell = new ShellView();
    // An interactive shell would wait for that list itself, which is its own affair.
    services.manager.openShell(machine.id, shell.shellSink, ['/bin/echo', 'root 2']);
    await shell.shows('root 2');
    await services.manager.stop(machine.id);
    expect(services.manager.get(machine.id).run?.end?.message).toMatch(
      /^Stopped. The command ended/,
    );
  });

  it('lose no byte of a flood, and one that nobody reads holds up neither the others nor the stop', async () => {
    const { services } = scene;
    const { machine } = await scene.start(image, forever);
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    const stuck = services.manager.openShell(machine.id, { post: () => undefined });
    stuck.input('yes\r');
    let end: ToView | null = null;
    const flow = new FlowView((sink) =>
      services.manager.openShell(machine.id, {
        post: (message) => {
          if (message.type === 'ended') end = message;
          sink.post(message);
        },
      }),
    );
    const plain = new ShellView();
    const shell = services.manager.openShell(machine.id, plain.shellSink);
    shell.input('echo "alive $((1 + 1))"\r');
    await plain.shows('alive 2');
    flow.input('stty raw -echo; dd if=/dev/zero bs=65536 count=64 2>/dev/null; exit\r');
    await expect.poll(() => end, { timeout: 30_000 }).not.toBeNull();
    // What the shell echoed before is some hundred bytes.
    expect(flow.bytes - 64 * 65536).toBeGreaterThan(0);
    expect(flow.bytes - 64 * 65536).toBeLessThan(2_000);
    await services.manager.stop(machine.id);
    expect(services.manager.get(machine.id).run?.end).toMatchObject({ kind: 'stopped' });
  });
});

it('the console has a terminal: its size, Ctrl+C, and Ctrl+Z that leaves nothing stopped', async () => {
  const script =
    'trap "echo; echo interrupted; stty size; exit 0" INT; echo now-up; while :; do sleep 0.1; done';
  const { machine, view, type, resize } = await scene.start(image, script);
  await view.shows('now-up');
  resize(91, 27);
  type('\x1a');
  type('\x03');
  await view.shows('interrupted');
  const { run } = await scene.services.untilState(machine.id, 'stopped');
  expect(view.text).toContain('27 91');
  expect(run?.end).toMatchObject({ kind: 'command-ended', exitCode: 0 });
});

describe('a container that outlives the app', () => {
  it('is taken over with its command, and shells can be opened in it again', async () => {
    const { machine, view } = await scene.start(image, forever);
    await view.shows('now-up');
    const lost = new ShellView();
    scene.services.manager.openShell(machine.id, lost.shellSink);
    await scene.services.close('keep');
    await scene.reopen();
    const { services } = scene;
    await services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    const again = new ShellView();
    const shell = services.manager.openShell(machine.id, again.shellSink);
    shell.input('echo "back $((1 + 1))"\r');
    await again.shows('back 2', 20_000);
    await services.manager.stop(machine.id);
    expect(services.manager.get(machine.id).run?.end).toMatchObject({ kind: 'stopped' });
  });

  it('and ends meanwhile has told its exit code in its console’s log', async () => {
    const script = 'echo now-up; sleep 2; printf unfinished; exit 11';
    const { machine, view } = await scene.start(image, script);
    await view.shows('now-up');
    const { pid } = JSON.parse(
      readFileSync(scene.services.recordOf(machine.id).launchRecord, 'utf8'),
    ) as { pid: number };
    await scene.services.close('keep');
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false);
    await scene.reopen();
    expect(scene.services.manager.get(machine.id)).toMatchObject({
      state: 'stopped',
      run: { end: { kind: 'command-ended', exitCode: 11 } },
    });
  });
});
