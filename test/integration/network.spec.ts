/** The network as guests and this computer find it: who reaches whom, and ports that change while it runs. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  withChanges,
  type MachineId,
  type MachineSpec,
  type Network,
  type PortForward,
} from '../../src/shared/index.ts';
import { GuestShell } from '../support/guest-shell.ts';
import { expectedReach, probeNetworks, probeObstacle } from '../support/network-probe.ts';
import { readPort } from '../support/read-port.ts';
import { Services, withDataDirectory } from '../support/services.ts';

const obstacle = await probeObstacle();
if (obstacle !== null) console.warn(`Fenced networks are NOT tested here. ${obstacle}`);

describe.skipIf(obstacle !== null)('each preset, probed by a guest', () => {
  it('reaches what its summary says and no more', { timeout: 120_000 }, async () => {
    expect(await probeNetworks()).toEqual(expectedReach);
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
      services = await Services.open(path);
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

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

/** A port that nothing has now, in a row of its own for this file. */
async function freePort(): Promise<number> {
  const server = await listen();
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.end('not the guest'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return server;
}

const forward = (hostPort: number, guestPort = 80): PortForward => ({
  ...{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort },
});

let count = 0;
async function create(network: Network, portForwards: PortForward[]): Promise<MachineId> {
  const name = `network ${(count += 1)}`;
  const spec = services.spec({ name, network, portForwards, quietKernel: true });
  return (await services.manager.create(spec)).id;
}

async function update(id: MachineId, changes: Record<string, unknown>): Promise<MachineSpec> {
  const { spec } = services.manager.get(id);
  return (await services.manager.update(id, withChanges(spec, changes))).spec;
}

/** A guest that says a word on each of two ports. */
async function serve(id: MachineId): Promise<GuestShell> {
  const shell = await GuestShell.boot(services, id);
  await shell.ask(
    '(nc -ll -p 80 -e echo eighty & nc -ll -p 81 -e echo eighty-one &) >/dev/null 2>&1',
  );
  await shell.ask('until grep -q eth0 /proc/net/route; do usleep 50000; done');
  return shell;
}

/** The slirp4netns of a run, or of any run of this installation. */
function fences(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0]?.endsWith('slirp4netns') && words.some((word) => word.includes(folder));
      } catch {
        return false;
      }
    })
    .map(Number);
}

const runningPid = (id: MachineId): number => {
  const { run } = services.manager.get(id);
  const record = join(services.paths.runtime, run?.id ?? '', 'launch.json');
  return (JSON.parse(readFileSync(record, 'utf8')) as { pid: number }).pid;
};

const presets = (['host-ports', 'internet'] as const).filter(
  (network) => network !== 'internet' || obstacle === null,
);

describe.each(presets)('forwarded ports of a running machine, %s', (network) => {
  it('open and close at once, all or none, and outlive Nandu', { timeout: 90_000 }, async () => {
    const [a = 0, b = 0, c = 0] = [await freePort(), await freePort(), await freePort()];
    const id = await create(network, [forward(a)]);
    await serve(id);
    await expect.poll(() => readPort(a)).toBe('eighty');

    // Another is opened, and it is no pending change.
    await update(id, { portForwards: [forward(a), forward(b, 81)] });
    expect([await readPort(a), await readPort(b)]).toEqual(['eighty', 'eighty-one']);
    expect(services.manager.get(id).pendingChanges).toEqual([]);

    // One of two is taken by a program: it is named, neither is opened, nothing else changes.
    const program = await listen();
    const taken = (program.address() as AddressInfo).port;
    const before = services.manager.get(id).spec;
    await expect(
      update(id, { portForwards: [forward(b, 81), forward(c), forward(taken)] }),
    ).rejects.toMatchObject({
      code: 'port_taken',
      details: { field: 'portForwards.2', pid: process.pid },
    });
    expect(services.manager.get(id).spec).toEqual(before);
    expect([await readPort(a), await readPort(c)]).toEqual(['eighty', 'ECONNREFUSED']);
    expect(await readPort(taken)).toBe('not the guest');

    // One is closed, another leads elsewhere.
    const datagrams: PortForward = { ...forward(c), protocol: 'udp' };
    await update(id, { portForwards: [forward(b, 80), datagrams] });
    expect([await readPort(a), await readPort(b)]).toEqual(['ECONNREFUSED', 'eighty']);

    const everywhere = { ...forward(b), hostAddress: '0.0.0.0' };
    await expect(
      update(id, { portForwards: [forward(b, 80), datagrams, everywhere] }),
    ).rejects.toMatchObject({ code: 'port_taken', details: { field: 'portForwards.2' } });

    // Another machine that wants it is told whose it is.
    const other = await create(network, [forward(b)]);
    await expect(services.manager.start(other)).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`“${before.name}”`) as string,
      details: { field: 'portForwards.0', machineId: id },
    });
    expect(services.manager.get(other)).toMatchObject({ state: 'stopped', run: null });

    // Nandu ends, the machine and its network go on, and the next Nandu knows what is open now.
    const pid = runningPid(id);
    await services.close('keep');
    expect(await readPort(b)).toBe('eighty');
    services = await Services.open(folder);
    expect(services.manager.get(id)).toMatchObject({ state: 'running', pendingChanges: [] });
    expect(runningPid(id)).toBe(pid);
    expect(services.journal.map(({ kind }) => kind)).toContain('adopted');
    await update(id, { portForwards: [forward(c), forward(a, 81)] });
    expect(await Promise.all([a, b, c].map((port) => readPort(port)))).toEqual([
      ...['eighty-one', 'ECONNREFUSED', 'eighty'],
    ]);

    // A restart takes the same ports again, the very moment they are free.
    await services.manager.restart(id);
    await expect
      .poll(() => readPort(a, '127.0.0.1', 300), { timeout: 5_000 })
      .not.toBe('ECONNREFUSED');
    const restarted = runningPid(id);
    expect(restarted).not.toBe(pid);

    // QEMU ends by a signal from outside: nothing of the network is left, and the ports are free again.
    expect(fences()).toHaveLength(network === 'internet' ? 1 : 0);
    process.kill(restarted, 'SIGKILL');
    await services.until(id, ({ state }) => state === 'crashed');
    await expect.poll(fences).toEqual([]);
    expect(await readPort(c)).toBe('ECONNREFUSED');
    await services.manager.start(other);
    await expect
      .poll(() => readPort(b, '127.0.0.1', 300), { timeout: 5_000 })
      .not.toBe('ECONNREFUSED');
    await services.manager.forceStop(other);
  });
});

describe('ports', () => {
  it('offline they have no effect, which is said, and are nobody’s', async () => {
    const program = await listen();
    const taken = forward((program.address() as AddressInfo).port);
    const id = await create('offline', [taken]);
    const { spec } = services.manager.get(id);
    const findings = await services.manager.check(spec);
    expect(findings.map(({ code, level }) => [code, level])).toEqual([
      ['forwards-without-network', 'warning'],
    ]);
    await services.manager.start(id);
    await services.manager.forceStop(id);
  });

  it.skipIf(process.getuid?.() === 0)('below 1024 are the system’s', async () => {
    const id = await create('host-ports', [forward(80)]);
    await expect(services.manager.start(id)).rejects.toMatchObject({
      code: 'permission_denied',
      details: { field: 'portForwards.0' },
    });
  });

  it('that are added while it starts are open when it runs', async () => {
    const port = await freePort();
    const id = await create('host-ports', []);
    const start = services.manager.start(id);
    await services.until(id, ({ state, run }) => state === 'starting' && run !== null);
    await update(id, { portForwards: [forward(port)] });
    expect(services.manager.get(id)).toMatchObject({ state: 'running', pendingChanges: [] });
    expect(await readPort(port, '127.0.0.1', 300)).not.toBe('ECONNREFUSED');
    await start;
    await services.manager.forceStop(id);
  });

  it('of an address that this computer does not have are refused', async () => {
    const id = await create('host-ports', [{ ...forward(18_999), hostAddress: '203.0.113.9' }]);
    await expect(services.manager.start(id)).rejects.toMatchObject({
      code: 'invalid_input',
      details: { field: 'portForwards.0' },
    });
  });
});

describe.skipIf(obstacle !== null)('QEMU in a fence', () => {
  it('is the process that was spawned, with no privilege and nothing open that is not its own', async () => {
    const id = await create('internet', []);
    await services.manager.start(id);
    const pid = runningPid(id);
    const { argv = [] } = services.manager.get(id).run ?? {};
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)).toEqual(argv);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) {
      expect(status).toMatch(new RegExp(`^Cap${set}:\\s0+$`, 'm'));
    }
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    const files = readdirSync(`/proc/${pid}/fd`)
      .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
      .filter((path) => path.startsWith('/') && !path.startsWith('/dev/'));
    const ours = join(services.paths.runtime, services.manager.get(id).run?.id ?? '');
    expect(files.filter((path) => path.startsWith(ours))).toEqual([join(ours, 'lifeline')]);
    expect(files.filter((path) => !path.startsWith(folder))).toEqual([]);
    await services.manager.forceStop(id);
  });
});

describe.skipIf(obstacle !== null)('a fence that cannot be made', () => {
  /** An “app” that finds a program of our own first. */
  async function withProgram(name: string, script: string): Promise<Services> {
    const path = join(folder, `bin-${name}`);
    mkdirSync(path);
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
    const PATH = `${path}:${process.env['PATH'] ?? ''}`;
    return Services.open(join(folder, name), { env: { PATH } });
  }

  it('says that user namespaces are forbidden before the start', async () => {
    const there = await withProgram(
      'unshare',
      'echo "unshare: Operation not permitted" >&2; exit 1',
    );
    const spec = there.spec({ network: 'internet' });
    const findings = await there.manager.check(spec);
    expect(findings).toMatchObject([
      { level: 'error', field: 'network', code: 'network-unavailable' },
    ]);
    expect(findings[0]?.message).toContain('Operation not permitted');
    const { id } = await there.manager.create(spec);
    await expect(there.manager.start(id)).rejects.toMatchObject({
      code: 'network_unavailable',
      details: { field: 'network' },
    });
    await there.close();
  });

  it('leaves nothing when slirp4netns fails, or hangs and the start is called off', async () => {
    const failing = await withProgram(
      'slirp4netns',
      '[ -e "$0.hang" ] && exec sleep 60\necho "no such tap" >&2; exit 1',
    );
    const { id } = await failing.manager.create(failing.spec({ network: 'internet' }));
    await expect(failing.manager.start(id)).rejects.toMatchObject({
      code: 'network_unavailable',
      message: expect.stringContaining('no such tap') as string,
    });
    expect(readdirSync(failing.paths.runtime)).toEqual([]);

    writeFileSync(join(folder, 'bin-slirp4netns', 'slirp4netns.hang'), '');
    const start = failing.manager.start(id).catch((error: unknown) => error);
    await failing.until(id, ({ activity }) => activity === 'launching');
    await expect.poll(() => readdirSync(failing.paths.runtime)).not.toEqual([]);
    await failing.manager.forceStop(id);
    expect(await start).toMatchObject({ code: 'cancelled' });
    expect(readdirSync(failing.paths.runtime)).toEqual([]);
    expect(fences()).toEqual([]);
    await failing.close();
  });
});
