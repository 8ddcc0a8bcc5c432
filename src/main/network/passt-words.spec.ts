import { describe, expect, it } from 'vitest';
import type { PortForward } from '../../shared/index.ts';
import {
  firstResolver,
  passtArguments,
  passtNetdev,
  readPasstArguments,
  secondOfPort,
  startedWithPasst,
  whyTooOld,
} from './passt-words.ts';

const forward = (hostPort: number, change: Partial<PortForward> = {}): PortForward => ({
  ...{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort: 80 },
  ...change,
});

describe('passt’s command line', () => {
  const setting = {
    forwards: [forward(8080), forward(53, { protocol: 'udp', hostAddress: '0.0.0.0' })],
    ...{ resolver: '127.0.0.53', logPath: '/state/with blank/passt.log' },
  };

  it('has IPv4 alone, the places of the guest’s network, and the ports', () => {
    expect(passtArguments(setting).join(' ')).toBe(
      '--foreground --ipv4-only --fd 3 --interface lo --address 10.0.2.15 --netmask 255.255.255.0 ' +
        '--gateway 10.0.2.2 --mac-addr 52:55:0a:00:02:02 --mtu 1500 --dns 10.0.2.3 --dns-forward 10.0.2.3 ' +
        '--dns-host 127.0.0.53 --no-dhcp-search --log-file /state/with blank/passt.log --log-size 1048576 ' +
        '--tcp-ports 127.0.0.1/8080:80 --udp-ports 0.0.0.0/53:80',
    );
  });

  it('tells again what it was told, also behind a wrapper', () => {
    for (const each of [setting, { ...setting, forwards: [], resolver: null }]) {
      expect(readPasstArguments(['/bin/ld.so', 'passt', ...passtArguments(each)])).toEqual(each);
    }
    expect(readPasstArguments(['qemu', '--log-file', '/x'])).toBeNull();
    expect(readPasstArguments([])).toBeNull();
  });

  it('has a port at one address only', () => {
    const other = forward(8080, { hostAddress: '127.0.0.2' });
    expect(secondOfPort([forward(8080), forward(8081), other])).toBe(2);
    expect(secondOfPort([forward(8080), { ...other, protocol: 'udp' }])).toBe(-1);
  });
});

it('QEMU’s side of it is known by its command, and its path may have a comma', () => {
  const netdev = passtNetdev('/run/a,b/net.sock');
  expect(netdev).toBe('stream,id=net0,server=off,addr.type=unix,addr.path=/run/a,,b/net.sock');
  expect(startedWithPasst(['qemu', '-netdev', netdev])).toBe(true);
  expect(startedWithPasst(['qemu', '-netdev', 'user,id=net0'])).toBe(false);
});

it.each([
  ['nameserver 127.0.0.53\noptions edns0\n', '127.0.0.53'],
  ['# nameserver 1.1.1.1\nnameserver fe80::1%eth0\n nameserver\t10.0.0.1 \n', '10.0.0.1'],
  ['', null],
])('the first resolver of %j is %s', (text, expected) => {
  expect(firstResolver(text)).toBe(expected);
});

// Debian 12’s gave an emulated guest 0.01 MB/s.
it('a passt that lets slow guests starve is not used', () => {
  const old = '-F, --fd FD\n--dns-forward ADDR\n--no-dhcp-search\n--log-size SIZE\n';
  expect(whyTooOld(old)).toContain('too old');
  expect(whyTooOld(`${old}--map-host-loopback ADDR\n--dns-host ADDR\n`)).toBeNull();
  expect(whyTooOld('')).toContain('does not answer');
});
