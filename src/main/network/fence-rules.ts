/**
 * Owns the text of a fence's rules: what may leave the network namespace that QEMU runs in.
 * Must never let anything out that no line of it names, and never depends on what a guest asks for.
 */
import { fenceNetwork, neverOutside } from './addresses.ts';

/**
 * For `nft -f`. What is forbidden is refused at once instead of being swallowed, so that nobody in the guest
 * waits for a deadline.
 * @param around the networks that this computer is in, as {@link networksAround} gives them.
 */
export function fenceRules(around: readonly string[]): string {
  const forbidden = [...new Set([...neverOutside, ...around])];
  const { resolver } = fenceNetwork;
  return [
    'table inet nandu {',
    '  chain refuse {',
    '    meta l4proto tcp reject with tcp reset',
    '    reject with icmpx admin-prohibited',
    '  }',
    '  chain output {',
    '    type filter hook output priority 0; policy drop;',
    // QEMU's own loopback, on which nothing listens but QEMU.
    '    oifname "lo" accept',
    // Answers to who came in through a forwarded port, which may be a neighbour.
    '    ct state established accept',
    `    ip daddr ${resolver} udp dport 53 accept`,
    `    ip daddr ${resolver} tcp dport 53 accept`,
    ...forbidden.map((network) => `    ip daddr ${network} goto refuse`),
    '    meta nfproto ipv6 goto refuse',
    '    meta nfproto ipv4 accept',
    '  }',
    '}',
    '',
  ].join('\n');
}
