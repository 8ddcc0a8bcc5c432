/**
 * Reads the kernel's tables of sockets, /proc/net/tcp and its like (proc(5)).
 * Pure: it never opens them itself.
 */

/** A socket that waits for whoever comes. */
export interface WaitingSocket {
  /** `0.0.0.0` for all addresses, also for those of IPv6, which take IPv4's with them. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** TCP_LISTEN, and TCP_CLOSE, which is what a UDP socket without a peer shows (include/net/tcp_states.h). */
const waiting = { tcp: '0A', udp: '07' } as const;

/** @param text of /proc/net/tcp, tcp6, udp or udp6; IPv6's own addresses are left out. */
export function parseSockets(text: string, protocol: 'tcp' | 'udp'): WaitingSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [local = '', state, inode = ''] = [fields[1], fields[3], fields[9]];
      const [hex = '', port = ''] = local.split(':');
      const address = addressOf(hex);
      if (state !== waiting[protocol] || address === null) return [];
      return [{ address, port: Number.parseInt(port, 16), inode }];
    });
}

/** The kernel prints each 32 bits as the number that they are on a little-endian machine. */
function addressOf(hex: string): string | null {
  if (/^0+$/.test(hex)) return '0.0.0.0';
  // ::ffff:127.0.0.1
  const short =
    hex.length === 32 && hex.startsWith(`${'0'.repeat(16)}FFFF0000`) ? hex.slice(24) : hex;
  if (!/^[0-9A-F]{8}$/i.test(short)) return null;
  return [6, 4, 2, 0].map((at) => Number.parseInt(short.slice(at, at + 2), 16)).join('.');
}
