/** The network as guests and this computer find it: who reaches whom, and ports that change while it runs. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPasst, netdevValue, tryPasst } from '../../src/main/network/index.ts';
import {
  defaultSpec,
  withChanges,
  type MachineId,
  type MachineSpec,
  type Network,
  type PortForward,
} from '../../src/shared/index.ts';
import { fencesBelow, runningPid } from '../support/fences.ts';
import { GuestShell } from '../support/guest-shell.ts';
import { expectedReach, probeNetworks, probeObstacle } from '../support/network-probe.ts';
import { answersIpv6 } from '../support/ipv6-probe.ts';
import { readPort } from '../support/read-port.ts';
import { Services, withDataDirectory } from '../support/services.ts';

const obstacle = await probeObstacle();
if (obstacle !== null) console.warn(`Fenced networks are NOT tested here. ${obstacle}`);

const { program, problem } = await tryPasst(process.env);
if (program === null) console.warn(`passt is NOT tested here. ${problem}`);

describe.skipIf(obstacle !== null)('each preset, probed by a guest', () => {
  it('reaches what its summary says and no more', { timeout: 120_000 }, async () => {
    expect(await probeNetworks()).toEqual(expectedReach);
  });
});

it('IPv6 is seen where it is on, and with no preset', async () => {
  expect(await answersIpv6('qemu-system-x86_64', 'user,id=net0')).toBe(true);
  for (const network of ['host-ports', 'internet', 'full'] as const) {
    const netdev = netdevValue({ ...defaultSpec, name: 'test', network });
    expect([network, await answersIpv6('qemu-system-x86_64', netdev)]).toEqual([network, false]);
  }
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

const presets: [Network, string][] = [
  ['host-ports', ''],
  ...(obstacle === null ? [['internet', ''] as [Network, string]] : []),
  ['full', ''],
  ...(program === null ? [] : [['full', program] as [Network, string]]),
];

describe.each(presets)('forwarded ports of a running machine, %s %s', (network, passt) => {
  it('open and close at once, all or none, and outlive Nandu', { timeout: 90_000 }, async () => {
    const env = { NANDU_PASST: passt };
    await services.close();
    services = await Services.open(folder, { env });
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
    const pid = runningPid(services, id);
    await services.close('keep');
    expect(await readPort(b)).toBe('eighty');
    services = await Services.open(folder, { env });
    expect(services.manager.get(id)).toMatchObject({ state: 'running', pendingChanges: [] });
    expect(runningPid(services, id)).toBe(pid);
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
    const restarted = runningPid(services, id);
    expect(restarted).not.toBe(pid);

    // QEMU ends by a signal from outside: nothing of the network is left, and the ports are free again.
    expect(fencesBelow(folder)).toHaveLength(network === 'internet' ? 1 : 0);
    const { passtLog } = services.recordOf(id);
    expect(findPasst(passtLog) === null).toBe(passt === '');
    process.kill(restarted, 'SIGKILL');
    await services.until(id, ({ state }) => state === 'crashed');
    await expect.poll(() => fencesBelow(folder)).toEqual([]);
    expect(findPasst(passtLog)).toBeNull();
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
    const findings = await services.manager.check(spec, null);
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
