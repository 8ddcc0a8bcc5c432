/** Container images as microVMs: what their command sees, how it ends, and what else can be done in them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  defaultContainer,
  importIdSchema,
  type Container,
  type ImageView,
  type MachineSpec,
  type MachineView,
} from '../../src/shared/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { smallImage, type SmallImageConfig } from '../support/small-image.ts';
import { Services } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';

let services: Services;
let folder: string;
let image: ImageView;

async function imported(
  name: string,
  config: SmallImageConfig,
  options?: Parameters<typeof smallImage>[3],
): Promise<ImageView> {
  return services.images.import({
    importId: importIdSchema.parse(randomUUID()),
    image: smallImage(folder, name, config, options),
    ...{ login: null, plainHttp: false },
  });
}

beforeAll(async () => {
  folder = temporaryDirectory();
  services = await Services.open(temporaryDirectory());
  image = await imported('plain', { Cmd: ['sh'], Env: ['GREETING=hello', 'PATH=/bin'] });
}, 60_000);

afterAll(async () => {
  await services.close();
  expect(services.problems).toEqual([]);
}, 60_000);

/** A machine that runs it. */
async function machineOf(
  from: ImageView,
  container: Partial<Container> = {},
  change: Partial<MachineSpec> = {},
): Promise<MachineView> {
  return services.manager.create(
    services.spec({
      ...{ name: `container ${randomUUID().slice(0, 8)}`, quietKernel: true },
      ...change,
      container: { ...defaultContainer, image: from.source, digest: from.digest, ...container },
    }),
  );
}

/** Runs a script to its end. @returns what the console has of it, and the machine as it is then. */
async function run(
  script: string,
  container: Partial<Container> = {},
  change: Partial<MachineSpec> = {},
  from = image,
): Promise<{ text: string; view: MachineView }> {
  const machine = await machineOf(from, { command: ['sh', '-c', script], ...container }, change);
  const view = new TestView();
  services.manager.openConsole(machine.id, view.sink);
  await services.manager.start(machine.id);
  const ended = await services.until(
    machine.id,
    ({ state }) => state === 'stopped' || state === 'crashed',
  );
  return { text: view.text.replaceAll('\r', ''), view: ended };
}

describe('the command of a container', () => {
  it('sees its own root, environment, names and devices, and its exit code is told', async () => {
    const { text, view } = await run(
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
});
