/** The preset Full behind passt: what it lets through, ports that change, and passts that end. */
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findPasst,
  PasstNetwork,
  PasstSocket,
  startedWithPasst,
} from '../../src/main/network/index.ts';
import { withChanges, type MachineId, type PortForward } from '../../src/shared/index.ts';
import { passtForTests } from '../fakes/renewed-passt.ts';
import { runningPid } from '../support/fences.ts';
import { GuestShell } from '../support/guest-shell.ts';
import { expectedReach, probeNetworks, probeObstacle } from '../support/network-probe.ts';
import { readPort as readSilently } from '../support/read-port.ts';
import { Services, withDataDirectory } from '../support/services.ts';

const passt = await passtForTests(process.env);
const { program, renewed } = passt;
afterAll(() => passt.dispose());
const obstacle = await probeObstacle();
if (program === null) console.warn(passt.words);
else console.log(passt.words);
if (renewed) {
  console.warn(
    'Downloads of slow guests, and guests that greet, are NOT tested here: it is too old.',
  );
}
if (program !== null && obstacle !== null) {
  console.warn(`What passt lets through is NOT tested here. ${obstacle}`);
}
const env = { NANDU_PASST: program ?? '' };

// Set-up installs one for the tests: where it is missed nobody would see that they all skip.
it.runIf(process.env['CI'])('there is a passt to test with', () => {
  expect(program, passt.words).not.toBeNull();
});

describe.skipIf(program === null || obstacle !== null)('full, probed by a guest', () => {
  it('reaches with passt what it reaches without', { timeout: 60_000 }, async () => {
    const { full } = await probeNetworks(program ?? '', ['full']);
    expect(full).toEqual({ ...expectedReach.full, passt: true });
  });
});

let services: Services;
let folder: string;
let end: () => void = () => undefined;
let closed: Promise<void>;
beforeAll(async () => {
  const ended = new Promise<void>((resolve) => (end = resolve));
  await new Promise<void>((ready) => {
    closed = withDataDirectory(async (path) => {
      folder = path;
      services = await Services.open(path, { env });
      ready();
      await ended;
      expect(services.problems).toEqual([]);
      await services.close();
    });
  });
});
afterAll(async () => {
  end();
  await closed;
});

/** This computer's, which a guest reaches as 10.0.2.2. */
const host = createServer((socket) => socket.on('error', () => undefined).end('this computer\n'));
host.listen(0, '127.0.0.1');
await once(host, 'listening');
const hostPort = (host.address() as AddressInfo).port;
afterAll(() => void host.close());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const forward = (port: number, change: Partial<PortForward> = {}): PortForward => ({
  ...{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: port, guestPort: 80 },
  ...change,
});

/** Speaks first: a passt of 2023 leaves those waiting who wait for a greeting. One test greets, with newer ones. */
const readPort = (port: number): Promise<string> =>
  readSilently(port, '127.0.0.1', 4_000, 'anybody?\n');

let count = 0;
async function create(...portForwards: PortForward[]): Promise<MachineId> {
  const name = `passt ${(count += 1)}`;
  const spec = services.spec({ name, network: 'full', portForwards, quietKernel: true });
  return (await services.manager.create(spec)).id;
}

async function serve(id: MachineId): Promise<GuestShell> {
  const shell = await GuestShell.boot(services, id);
  await shell.ask(`(nc -ll -p 80 -e sh -c 'read word; echo the-guest' &) >/dev/null 2>&1`);
  await shell.ask('until grep -q eth0 /proc/net/route; do usleep 50000; done');
  return shell;
}

const reachesHost = (shell: GuestShell): Promise<string> =>
  shell.ask(`nc -w 5 10.0.2.2 ${hostPort}`);

const passtOf = (id: MachineId): number | null =>
  findPasst(services.recordOf(id).passtLog)?.pid ?? null;

const changes = (id: MachineId): string[] =>
  services.journal
    .filter(({ machineId, kind }) => machineId === id && kind === 'network-changed')
    .map(({ message }) => message);

const ports = (id: MachineId, ...portForwards: PortForward[]): Promise<unknown> =>
  services.manager.update(id, withChanges(services.manager.get(id).spec, { portForwards }));

describe.skipIf(program === null)('a passt', () => {
  it('that cannot open a port says which, as the other presets do', async () => {
    const path = join(folder, 'net.sock');
    const socket = await PasstSocket.listen(path);
    const qemu = createConnection(path);
    const files = { passtSocket: path, passtLog: `${path}.log`, networkLog: `${path}.said` };
    const parts = { files, program: () => Promise.resolve(program), tell: () => undefined };
    const forwards = [forward(await freePort()), forward(hostPort)];
    const serving = PasstNetwork.serve(parts, socket, forwards, AbortSignal.timeout(10_000));
    await expect(serving).rejects.toMatchObject({
      code: 'port_taken',
      details: { field: 'portForwards', forward: forwards[1] },
    });
    expect(findPasst(files.passtLog)).toBeNull();
    qemu.destroy();
    socket.close();
  });
});

describe.skipIf(program === null)('a machine that passt serves', () => {
  it(
    'gets another in the place of one that ended, also while no Nandu ran',
    { timeout: 90_000 },
    async () => {
      const [a, b] = [await freePort(), await freePort()];
      const id = await create(forward(a));
      const shell = await serve(id);
      expect(startedWithPasst(services.manager.get(id).run?.argv ?? [])).toBe(true);
      expect([await reachesHost(shell), await readPort(a)]).toEqual(['this computer', 'the-guest']);

      // It is behind its own filter, and has nothing of the app's open.
      const first = passtOf(id) ?? 0;
      expect(readFileSync(`/proc/${first}/status`, 'utf8')).toMatch(/^Seccomp:\t2$/m);

      // What the guest sends waits in QEMU when passt is killed: without being woken its device would wait for ever.
      process.kill(first, 'SIGSTOP');
      await shell.ask('arp -s 10.0.2.2 52:55:0a:00:02:02');
      // More than the socket between them holds.
      await shell.ask(
        'for i in $(seq 80); do (ping -c 1 -W 1 -s 8000 10.0.2.2 >/dev/null 2>&1 &); done; ' +
          'until [ $(cat /sys/class/net/eth0/statistics/tx_bytes) -gt 120000 ]; do usleep 50000; done; sleep 2',
      );
      process.kill(first, 'SIGKILL');
      await expect.poll(() => changes(id), { timeout: 10_000 }).toHaveLength(1);
      expect(changes(id)[0]).toContain('passt had ended and was started anew');
      expect(passtOf(id)).not.toBe(first);
      expect([await reachesHost(shell), await readPort(a)]).toEqual(['this computer', 'the-guest']);
      // That was no pause to anybody.
      expect(services.history.map(({ state }) => state)).not.toContain('paused');

      // The next Nandu finds the one that serves, and another where that was killed meanwhile.
      const pid = runningPid(services, id);
      const second = passtOf(id) ?? 0;
      await services.close('keep');
      expect(await readPort(a)).toBe('the-guest');
      services = await Services.open(folder, { env });
      expect([runningPid(services, id), passtOf(id)]).toEqual([pid, second]);
      await ports(id, forward(b));
      expect(await Promise.all([a, b].map((port) => readPort(port)))).toEqual([
        ...['ECONNREFUSED', 'the-guest'],
      ]);
      await services.close('keep');
      process.kill(passtOf(id) ?? 0, 'SIGKILL');
      services = await Services.open(folder, { env });
      await expect.poll(() => readPort(b), { timeout: 10_000 }).toBe('the-guest');
      expect(services.manager.get(id)).toMatchObject({ state: 'running', pendingChanges: [] });

      // QEMU is killed: passt goes with it, and its ports are free.
      process.kill(pid, 'SIGKILL');
      await services.until(id, ({ state }) => state === 'crashed');
      expect([passtOf(id), await readPort(b)]).toEqual([null, 'ECONNREFUSED']);
    },
  );

  it('is served by QEMU itself when passt ends again and again', { timeout: 90_000 }, async () => {
    const [a, b] = [await freePort(), await freePort()];
    const id = await create(forward(a));
    const shell = await serve(id);
    expect(services.manager.get(id).servedByPasst).toBe(true);
    for (let ends = 1; ends <= 4; ends += 1) {
      process.kill(passtOf(id) ?? 0, 'SIGKILL');
      await expect.poll(() => changes(id), { timeout: 10_000 }).toHaveLength(ends);
    }
    expect(changes(id).at(-1)).toContain('QEMU’s own network serves the guest now');
    expect(services.manager.get(id).servedByPasst).toBe(false);
    expect(passtOf(id)).toBeNull();
    expect([await reachesHost(shell), await readPort(a)]).toEqual(['this computer', 'the-guest']);
    await ports(id, forward(b));
    await services.close('keep');
    services = await Services.open(folder, { env });
    expect(services.manager.get(id)).toMatchObject({ pendingChanges: [], servedByPasst: false });
    await ports(id, forward(a));
    expect(await Promise.all([a, b].map((port) => readPort(port)))).toEqual([
      ...['the-guest', 'ECONNREFUSED'],
    ]);
    await services.manager.forceStop(id);
  });

  it(
    'boots with QEMU’s own network when its passt does not come',
    { timeout: 60_000 },
    async () => {
      const path = join(folder, 'fickle-passt');
      // The trial names no resolver, a machine's passt does.
      const script = `#!/bin/sh\ncase "$*" in *--dns-host*) exit 1 ;; esac\nexec '${program}' "$@"\n`;
      writeFileSync(path, script, { mode: 0o755 });
      await withDataDirectory(async (data) => {
        const fickle = await Services.open(data, { env: { NANDU_PASST: path } });
        const port = await freePort();
        const portForwards = [forward(port)];
        const { id } = await fickle.manager.create(
          fickle.spec({ network: 'full', portForwards, quietKernel: true }),
        );
        const shell = await GuestShell.boot(fickle, id);
        await shell.ask('until grep -q eth0 /proc/net/route; do usleep 50000; done');
        expect(await reachesHost(shell)).toBe('this computer');
        expect(fickle.manager.get(id)).toMatchObject({ state: 'running', servedByPasst: false });
        expect(startedWithPasst(fickle.manager.get(id).run?.argv ?? [])).toBe(false);
        const [second, first] = fickle.manager.runs(id, 9);
        expect([first?.end?.kind, second?.end]).toEqual(['launch-failed', null]);
        expect(fickle.journal.map(({ message }) => message)).toContainEqual(
          expect.stringMatching(/^QEMU’s own network serves the guest now\. passt did not start/),
        );
        await fickle.close();
      });
    },
  );

  it.skipIf(renewed)('greets whoever comes to a port', { timeout: 60_000 }, async () => {
    const port = await freePort();
    const id = await create(forward(port));
    const shell = await serve(id);
    await shell.ask('killall nc; (nc -ll -p 80 -e echo welcome &) >/dev/null 2>&1');
    await expect.poll(() => readSilently(port)).toBe('welcome');
    await services.manager.forceStop(id);
  });

  it.skipIf(renewed)('sends on to a guest that reads slowly', { timeout: 60_000 }, async () => {
    const bytes = 8 << 20;
    const server = createServer((socket) => {
      socket.on('error', () => undefined).end(Buffer.alloc(bytes));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const id = await create();
    const shell = await serve(id);
    // A passt of 2023 sends that in minutes, one of 2025 in a second.
    expect(await shell.ask(`timeout 20 nc 10.0.2.2 ${port} | wc -c`)).toBe(String(bytes));
    await services.manager.forceStop(id);
    server.close();
  });

  it('has a paused guest’s ports changed, too', { timeout: 60_000 }, async () => {
    const [a, b] = [await freePort(), await freePort()];
    const id = await create(forward(a));
    const shell = await serve(id);
    await services.manager.pause(id);
    await services.until(id, ({ state }) => state === 'paused');
    await ports(id, forward(b));
    expect(services.manager.get(id).state).toBe('paused');
    await services.manager.resume(id);
    await services.until(id, ({ state }) => state === 'running');
    expect([await reachesHost(shell), await readPort(b)]).toEqual(['this computer', 'the-guest']);
    await services.manager.forceStop(id);
  });

  it(
    'cannot have a port at two addresses: it starts with QEMU’s own, and says so while it runs',
    { timeout: 60_000 },
    async () => {
      const port = await freePort();
      const twice = [forward(port), forward(port, { hostAddress: '127.0.0.2', guestPort: 81 })];
      const id = await create(...twice);
      await services.manager.start(id);
      expect(startedWithPasst(services.manager.get(id).run?.argv ?? [])).toBe(false);
      await services.manager.forceStop(id);

      const other = await create(forward(port));
      await services.manager.start(other);
      await expect(ports(other, ...twice)).rejects.toMatchObject({
        code: 'port_taken',
        details: { field: 'portForwards.1' },
      });
      expect(services.manager.get(other).pendingChanges).toEqual([]);
      await services.manager.forceStop(other);
    },
  );
});
