/**
 * Makes a world of namespaces (a “this computer” with a neighbour and a host far away), boots a guest with each
 * network preset in it, and prints as one line of JSON what each reached. A program, started by network-probe.ts
 * with unshare(1); it changes nothing outside of its namespaces, which end with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { networks, type Network, type PortForward } from '../../src/shared/index.ts';
import { GuestShell } from './guest-shell.ts';
import { startedWithPasst } from '../../src/main/network/index.ts';
import { answersIpv6, passtAnswersIpv6 } from './ipv6-probe.ts';
import {
  ownAddresses,
  run,
  standInName,
  standInPort,
  standIns,
  withoutPrefix,
} from './network-places.ts';
import type { NetworkReach, NetworkTable } from './network-probe.ts';
import { readPort } from './read-port.ts';
import { Services, withDataDirectory } from './services.ts';

const forwards: PortForward[] = [
  { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 18_080, guestPort: 80 },
  { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 18_081, guestPort: 80 },
];

const nameServer = 'nameserver 127.0.0.53\n';

/** The neighbour's program, and its answers. */
class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const program = new URL('network-peer.ts', import.meta.url).pathname;
    const words = ['--net', '--', process.execPath, program];
    const child = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#child = child;
  }

  get pid(): string {
    return String(this.#child.pid);
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the peer ended');
    return value;
  }

  async ask(request: string): Promise<string> {
    this.#child.stdin?.write(`${request}\n`);
    return this.line();
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exited;
  }
}

async function makeWorld(): Promise<Peer> {
  const peer = new Peer();
  await peer.line();
  run('ip', 'link', 'set', 'lo', 'up');
  run(
    ...(['ip', 'link', 'add', 'world0', 'type', 'veth', 'peer'] as const),
    'name',
    'peer0',
    'netns',
    peer.pid,
  );
  for (const address of ownAddresses) run('ip', 'addr', 'add', address, 'dev', 'world0');
  run('ip', 'link', 'set', 'world0', 'up');
  await peer.ask('go');
  run('ip', 'route', 'add', 'default', 'via', withoutPrefix(standIns.lan));
  run('ip', 'route', 'add', '169.254.0.0/16', 'dev', 'world0');
  // What services of this computer's own there are, on all of its addresses.
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.0 200 OK\r\n\r\nstand-in host\n');
  });
  server.listen(standInPort, '0.0.0.0').unref();
  // As with systemd-resolved: the resolver is on a loopback address, which the guest must not reach otherwise.
  const resolver = createSocket('udp4', (query, from) => {
    resolver.send(answer(query), from.port, from.address);
  });
  resolver.bind(53, '127.0.0.53').unref();
  await Promise.all([once(server, 'listening'), once(resolver, 'listening')]);
  useResolver();
  return peer;
}

let replaceable = false;

/** An /etc of its own where that is possible: there the file can be replaced, as in a new network. */
function useResolver(): void {
  run('mount', '-t', 'tmpfs', 'world', '/mnt');
  for (const name of ['upper', 'work']) mkdirSync(`/mnt/${name}`);
  try {
    const layers = 'lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work';
    run('mount', '-t', 'overlay', '-o', layers, 'world', '/etc');
    replaceResolver();
    replaceable = true;
  } catch {
    writeFileSync('/mnt/resolv.conf', nameServer);
    run('mount', '--bind', '/mnt/resolv.conf', realpathSync('/etc/resolv.conf'));
  }
}

/** What a network manager does when the network changes. */
function replaceResolver(): void {
  writeFileSync('/etc/resolv.conf.new', nameServer);
  renameSync('/etc/resolv.conf.new', '/etc/resolv.conf');
}

/** Each name is the host far away (RFC 1035, 4.1); other questions than for an A record get no record. */
function answer(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const question = query.subarray(12, end);
  const isAddress = query.readUInt16BE(end - 4) === 1;
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
  query.copy(header, 0, 0, 2);
  if (!isAddress) return Buffer.concat([header, question]);
  const address = withoutPrefix(standIns.internet).split('.').map(Number);
  return Buffer.concat([
    ...[header, question, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address])],
  ]);
}

/** Whom the guest asks, by what the answer means. */
const targets: Record<string, string[]> = {
  // What QEMU and slirp4netns call this computer's loopback.
  hostLoopback: ['10.0.2.2', '10.0.3.2'],
  hostAddresses: ownAddresses.map(withoutPrefix),
  ...Object.fromEntries(Object.entries(standIns).map(([name, at]) => [name, [withoutPrefix(at)]])),
};

/** For the guest's shell: everything at once, because what is forbidden may take its time. */
function probeScript(): string {
  const asks = Object.entries(targets).flatMap(([name, addresses]) =>
    addresses.map((at) => `p ${name} timeout 6 nc -w 4 ${at} ${standInPort} &`),
  );
  return [
    `p() { n=$1; shift; echo "$n: $("$@" 2>&1 | tr -d "'" | xargs)"; }`,
    // A lease takes a moment; without a device nobody waits for one.
    'i=0; while [ -e /sys/class/net/eth0 ] && ! grep -q eth0 /proc/net/route && [ $i -lt 100 ]; do i=$((i+1)); usleep 100000; done',
    // With restrict=on DHCP tells no gateway, which keeps nobody from taking one.
    'ip route add default via 10.0.2.2 2>/dev/null',
    `( ${asks.join(' ')} p dns timeout 6 nslookup ${standInName} 10.0.2.3 & wait )`,
  ].join('; ');
}

async function probe(services: Services, network: Network, peer: Peer): Promise<NetworkReach> {
  const { id } = await services.manager.create(
    services.spec({ name: network, network, quietKernel: true, portForwards: forwards }),
  );
  const { ask } = await GuestShell.boot(services, id);
  if (replaceable) replaceResolver();
  // It is asked first, as most servers are: a passt of 2023 leaves those that greet waiting.
  await ask(`(nc -ll -p 80 -e sh -c 'read word; echo from-the-guest' >/dev/null 2>&1 &)`);
  const text = await ask(probeScript());
  const lines = text.split('\n');
  const reached = (name: string, what: string): boolean =>
    lines.some((line) => line.startsWith(`${name}: `) && line.includes(what));
  const device = (await ask('ls /sys/class/net')).includes('eth0');
  const fromHere = await readPort(18_080, '127.0.0.1', 4_000, 'anybody?\n');
  const fromNeighbour = await peer.ask(`read ${withoutPrefix(ownAddresses[0])} 18081`);
  const { argv = [] } = services.manager.get(id).run ?? {};
  const netdev = argv[argv.indexOf('-netdev') + 1];
  const { program } = services.host.passt;
  const passt = startedWithPasst(argv) && program !== null;
  const ipv6 =
    device &&
    (passt
      ? await passtAnswersIpv6(program, services.paths.runtime)
      : await answersIpv6(argv[0] ?? '', netdev ?? ''));
  await services.manager.forceStop(id);
  console.error(`${network}:\n${text}\n`);
  return {
    ...{ device, passt },
    hostLoopback: reached('hostLoopback', 'stand-in'),
    hostAddresses: reached('hostAddresses', 'stand-in'),
    lan: reached('lan', 'stand-in'),
    neighbour: reached('neighbour', 'stand-in'),
    linkLocal: reached('linkLocal', 'stand-in'),
    privateFar: reached('privateFar', 'stand-in'),
    internet: reached('internet', 'stand-in'),
    dns: reached('dns', withoutPrefix(standIns.internet)),
    ipv6,
    forwardedPort: fromHere === 'from-the-guest',
    forwardedToNeighbour: fromNeighbour === 'read from-the-guest',
  };
}

const peer = await makeWorld();
await withDataDirectory(async (folder) => {
  const services = await Services.open(folder);
  const table: Partial<NetworkTable> = {};
  try {
    const wanted = (
      process.argv.length > 2 ? process.argv.slice(2) : Object.keys(networks)
    ) as Network[];
    for (const network of wanted) {
      table[network] = await probe(services, network, peer);
    }
    if (services.problems.length > 0) throw new Error(String(services.problems));
  } finally {
    await services.close();
  }
  console.log(JSON.stringify(table));
});
await peer.end();
