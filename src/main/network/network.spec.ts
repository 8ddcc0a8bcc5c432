import { describe, expect, it } from 'vitest';
import { defaultSpec, type MachineSpec, type PortForward } from '../../shared/index.ts';
import { networksAround } from './addresses.ts';
import { guardsFor } from './fence-guards.ts';
import { fenceRules } from './fence-rules.ts';
import {
  collide,
  effectiveForwards,
  fenced,
  inOrderOf,
  netdevValue,
  parseUsernet,
  without,
} from './forwards.ts';
import { parseSockets } from './proc-net.ts';
import { RunningForwards } from './running-forwards.ts';
import type { OpenForward, SlirpApi } from './slirp-api.ts';

const forward = (
  hostPort: number,
  guestPort = 80,
  hostAddress = '127.0.0.1',
  protocol: PortForward['protocol'] = 'tcp',
): PortForward => ({ protocol, hostAddress, hostPort, guestPort });

const spec = (network: MachineSpec['network'], ...portForwards: PortForward[]): MachineSpec => ({
  ...{ ...defaultSpec, name: 'test', network, portForwards },
});

describe('the rules of a fence', () => {
  it('forbid private addresses and this computer’s networks, and let only IPv4 out', () => {
    expect(fenceRules(['203.0.113.0/24', '192.168.0.0/16'])).toBe(`table inet nandu {
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain output {
    type filter hook output priority 0; policy drop;
    oifname "lo" accept
    ct state established accept
    ip daddr 10.0.3.3 udp dport 53 accept
    ip daddr 10.0.3.3 tcp dport 53 accept
    ip daddr 0.0.0.0/8 goto refuse
    ip daddr 10.0.0.0/8 goto refuse
    ip daddr 100.64.0.0/10 goto refuse
    ip daddr 127.0.0.0/8 goto refuse
    ip daddr 169.254.0.0/16 goto refuse
    ip daddr 172.16.0.0/12 goto refuse
    ip daddr 192.0.0.0/24 goto refuse
    ip daddr 192.168.0.0/16 goto refuse
    ip daddr 198.18.0.0/15 goto refuse
    ip daddr 224.0.0.0/4 goto refuse
    ip daddr 240.0.0.0/4 goto refuse
    ip daddr 203.0.113.0/24 goto refuse
    meta nfproto ipv6 goto refuse
    meta nfproto ipv4 accept
  }
}
`);
  });

  it('know the networks of every interface once, a single address among them', () => {
    const address = (address: string, netmask: string, family: 'IPv4' | 'IPv6' = 'IPv4'): never =>
      ({ address, netmask, family, mac: '', internal: false, cidr: null }) as never;
    expect(
      networksAround({
        lo: [address('127.0.0.1', '255.0.0.0'), address('::1', 'ffff::', 'IPv6')],
        wifi: [address('203.0.113.77', '255.255.255.0'), address('203.0.113.78', '255.255.255.0')],
        tunnel: [address('198.51.100.9', '255.255.255.255')],
        odd: [address('192.0.2.130', '255.255.255.128')],
        gone: undefined,
      }),
    ).toEqual(['127.0.0.0/8', '192.0.2.128/25', '198.51.100.9/32', '203.0.113.0/24']);
  });
});

describe('slirp4netns', () => {
  const help = `-h\n--enable-sandbox         create a new mount namespace
--enable-seccomp         enable seccomp\n`;
  it.each<[string, string, string, string[]]>([
    [
      'both',
      help,
      '/run/systemd/resolve/stub-resolv.conf',
      ['--enable-sandbox', '--enable-seccomp'],
    ],
    ['both without a resolver', help, '', ['--enable-sandbox', '--enable-seccomp']],
    ['no sandbox that hides the resolver', help, '/mnt/wsl/resolv.conf', ['--enable-seccomp']],
    ['nothing that it does not have', '-h\n-c, --configure\n', '/etc/resolv.conf', []],
  ])('is started behind %s', (_, text, resolver, guards) => {
    expect(guardsFor(text, resolver)).toEqual(guards);
  });
});

describe('forwards as QEMU takes them', () => {
  const [a, b] = [forward(8080), forward(53, 5353, '0.0.0.0', 'udp')];

  it.each<[MachineSpec, string]>([
    [
      spec('host-ports', a, b),
      'user,id=net0,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:0.0.0.0:53-:5353',
    ],
    // IPv6 was on here: fec0::2 led to this computer's ::1.
    [spec('full', a), 'user,id=net0,ipv6=off,hostfwd=tcp:127.0.0.1:8080-:80'],
    [
      spec('internet', a, b),
      'user,id=net0,ipv6=off,hostfwd=tcp:10.0.3.100:20000-:80,hostfwd=udp:10.0.3.100:20001-:5353',
    ],
  ])('%#', (definition, value) => {
    expect(netdevValue(definition)).toBe(value);
  });

  it('are none offline', () => {
    expect(effectiveForwards(spec('offline', a))).toEqual([]);
  });

  it('get ports inside that nobody has there', () => {
    expect(fenced([a, b]).map(({ innerPort }) => innerPort)).toEqual([20_000, 20_001]);
    const taken = [{ forward: a, innerPort: 20_000 }];
    expect(fenced([b], taken)).toEqual([{ forward: b, innerPort: 20_001 }]);
  });

  it('collide where one could not be opened beside the other', () => {
    const pairs: [PortForward, boolean][] = [
      [forward(8080, 81), true],
      [forward(8080, 80, '0.0.0.0'), true],
      [forward(8080, 80, '127.0.0.2'), false],
      [forward(8080, 80, '127.0.0.1', 'udp'), false],
      [forward(8081), false],
    ];
    for (const [other, expected] of pairs) {
      expect([collide(a, other), collide(other, a)]).toEqual([expected, expected]);
    }
  });

  it('differ by where they lead, too, and keep the order that is wanted', () => {
    expect(without([a, forward(8080, 81)], [a])).toEqual([forward(8080, 81)]);
    expect(inOrderOf([forward(1), a, b], [b, forward(2), a])).toEqual([b, a, forward(1)]);
  });

  it('are read from “info usernet”', () => {
    const text = `Hub -1 (net0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]   15       127.0.0.1  8080       10.0.2.15    80     0     0
  TCP[HOST_FORWARD]  13       127.0.0.1  8080       10.0.2.15    80     0     0
  UDP[HOST_FORWARD]  14               *    53       10.0.2.15  5353     0     0
`;
    expect(parseUsernet(text.replaceAll('\n', '\r\n'))).toEqual([a, b]);
  });
});

describe('/proc/net', () => {
  it('tells who waits on which port', () => {
    const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 20 4 30 10 -1
`;
    expect(parseSockets(tcp, 'tcp')).toEqual([
      { address: '127.0.0.1', port: 8080, inode: '4711' },
      { address: '0.0.0.0', port: 22, inode: '4712' },
    ]);
    const tail = '00000000:00000000 00:00000000 00000000 0 0';
    const tcp6 = `head
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A ${tail} 1 1
   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A ${tail} 2 1
   2: 00000000000000000000000001000000:0052 00000000000000000000000000000000:0000 0A ${tail} 3 1
`;
    expect(parseSockets(tcp6, 'tcp')).toEqual([
      { address: '0.0.0.0', port: 80, inode: '1' },
      { address: '127.0.0.1', port: 81, inode: '2' },
    ]);
    const udp = `head\n 9: 3500007F:0035 00000000:0000 07 ${tail} 8 2\n`;
    expect(parseSockets(udp, 'udp')).toEqual([{ address: '127.0.0.53', port: 53, inode: '8' }]);
  });
});

describe('forwards of a running machine', () => {
  /** A QEMU, and a slirp4netns if wanted, that hold open what they are told to, but for what they refuse. */
  function fakes(fencedIn: boolean): {
    forwards: RunningForwards;
    inside: Map<string, number>;
    outside: Map<string, OpenForward>;
    refuse: Set<number>;
  } {
    const inside = new Map<string, number>();
    const outside = new Map<string, OpenForward>();
    const refuse = new Set<number>();
    let id = 0;
    const monitor = (line: string): Promise<string> => {
      const add = /^hostfwd_add net0 (tcp:\S+:(\d+))-:(\d+)$/.exec(line);
      const remove = /^hostfwd_remove net0 (\S+)$/.exec(line);
      if (add !== null) {
        const [, place = '', hostPort, guestPort] = add;
        if (inside.has(place) || refuse.has(Number(hostPort))) return Promise.resolve('no\r\n');
        inside.set(place, Number(guestPort));
        return Promise.resolve('');
      }
      const place = remove?.[1] ?? '';
      return Promise.resolve(
        `host forwarding rule for ${place} ${inside.delete(place) ? 'removed' : 'not found'}\r\n`,
      );
    };
    const key = ({ hostAddress, hostPort }: PortForward): string => `${hostAddress}:${hostPort}`;
    const api = {
      list: () => Promise.resolve([...outside.values()]),
      add: (each: OpenForward) => {
        if (refuse.has(each.forward.hostPort)) return Promise.reject(new Error('no'));
        outside.set(key(each.forward), { ...each, id: (id += 1) });
        return Promise.resolve();
      },
      remove: (each: OpenForward) => Promise.resolve(void outside.delete(key(each.forward))),
    } as unknown as SlirpApi;
    return {
      forwards: new RunningForwards(monitor, fencedIn ? api : null),
      inside,
      outside,
      refuse,
    };
  }

  it.each([false, true])('are as before when one of them fails (fenced in: %s)', async (is) => {
    const { forwards, inside, outside, refuse } = fakes(is);
    const before = [forward(1001), forward(1002)];
    await forwards.change([], before);
    const places = [[...inside], [...outside.keys()]];
    refuse.add(1004);
    const wanted = [forward(1002, 81), forward(1003), forward(1004)];
    await expect(forwards.change(before, wanted)).rejects.toMatchObject({
      code: 'port_taken',
      details: { field: 'portForwards', forward: forward(1004) },
    });
    // In whatever order, and, inside of a fence, on whatever ports.
    expect([...inside.values()]).toEqual([80, 80]);
    expect([...outside.keys()].sort()).toEqual(places[1]);
    if (!is) expect([...inside].sort()).toEqual(places[0]);
    refuse.clear();
    await forwards.change(before, wanted);
    expect([...inside.values()].sort()).toEqual([80, 80, 81]);
  });
});
