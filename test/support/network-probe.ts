/**
 * What guests really reach with each network preset, asked by guests in a world of namespaces: nobody outside of
 * it is spoken to. Also for `npm run accept`, which prints the table.
 */
import { spawn } from 'node:child_process';
import { tryFence } from '../../src/main/network/index.ts';
import type { Network } from '../../src/shared/index.ts';

/** Whom a guest reaches, and who reaches it. */
export interface NetworkReach {
  /** Whether it has a network device. */
  readonly device: boolean;
  /** Whether passt serves it. */
  readonly passt: boolean;
  /** Services of this computer that listen on its loopback alone, by any address. */
  readonly hostLoopback: boolean;
  readonly hostAddresses: boolean;
  readonly lan: boolean;
  /** One in the same network that has a public address. */
  readonly neighbour: boolean;
  readonly linkLocal: boolean;
  /** A private address beyond the gateway. */
  readonly privateFar: boolean;
  readonly internet: boolean;
  readonly dns: boolean;
  /** Whether its network would give an IPv6 address to a guest that asks, and with it fec0::2, this computer's ::1. */
  readonly ipv6: boolean;
  /** A forwarded port on 127.0.0.1, from this computer. */
  readonly forwardedPort: boolean;
  /** A forwarded port on 0.0.0.0, from the local network. */
  readonly forwardedToNeighbour: boolean;
}
export type NetworkTable = Record<Network, NetworkReach>;

const nothing: NetworkReach = {
  ...{
    passt: false,
    device: false,
    hostLoopback: false,
    hostAddresses: false,
    lan: false,
    neighbour: false,
  },
  ...{ linkLocal: false, privateFar: false, internet: false, dns: false, ipv6: false },
  ...{ forwardedPort: false, forwardedToNeighbour: false },
};
const forwarded = { device: true, forwardedPort: true, forwardedToNeighbour: true };

/** What each preset lets through: no more than its summary says, and no less. */
export const expectedReach: NetworkTable = {
  offline: nothing,
  'host-ports': { ...nothing, ...forwarded },
  internet: { ...nothing, ...forwarded, internet: true, dns: true },
  full: {
    ...{
      passt: false,
      device: true,
      hostLoopback: true,
      hostAddresses: true,
      lan: true,
      neighbour: true,
    },
    ...{ linkLocal: true, privateFar: true, internet: true, dns: true, ipv6: false },
    ...{ forwardedPort: true, forwardedToNeighbour: true },
  },
};

const deadlineMs = 100_000;

/** Why the networks cannot be probed here; null when they can. */
export async function probeObstacle(): Promise<string | null> {
  return (await tryFence(process.env)).problem;
}

/**
 * Boots a guest with each preset; takes some 30 s.
 * @param passt the program that may serve networks; empty for none.
 * @param wanted those presets alone.
 * @throws Error with what the world said.
 */
export function probeNetworks(
  passt = '',
  wanted: readonly Network[] = [],
): Promise<Partial<NetworkTable>> {
  const program = new URL('network-world.ts', import.meta.url).pathname;
  const namespaces = ['--user', '--map-root-user', '--net', '--mount', '--'];
  return new Promise((resolve, reject) => {
    // Ends with its own programs: what outlives them in there is nothing that they did not end.
    const child = spawn('unshare', [...namespaces, process.execPath, program, ...wanted], {
      env: { ...process.env, NANDU_PASST: passt },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      try {
        const line = output.trim().split('\n').at(-1) ?? '';
        if (code !== 0) throw new Error(`exit code ${code}`);
        resolve(JSON.parse(line) as NetworkTable);
      } catch (error) {
        reject(new Error(`The networks could not be probed. ${complaint}`, { cause: error }));
      }
    });
  });
}
