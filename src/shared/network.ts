/**
 * How far a guest reaches: the network presets, and the ports of this computer that lead into it.
 * Claims only what a probe inside a guest has proved in a test (test/integration/network.spec.ts).
 */
import { z } from 'zod';

export const networkSchema = z.enum(['offline', 'host-ports', 'internet', 'full']);
export type Network = z.infer<typeof networkSchema>;

const portSchema = z
  .int('Use a whole number.')
  .min(1, 'Ports begin at 1.')
  .max(65_535, 'The largest port is 65535.');

const dottedQuad = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** A port of this computer that leads to one of the guest's. Added and removed while it runs, too. */
export const portForwardSchema = z.strictObject({
  protocol: z.enum(['tcp', 'udp']),
  /** 127.0.0.1 for this computer alone, 0.0.0.0 for all who reach it. */
  hostAddress: z.string().regex(dottedQuad, 'Write an address as in “127.0.0.1”.'),
  hostPort: portSchema,
  guestPort: portSchema,
});
export type PortForward = z.infer<typeof portForwardSchema>;

/** Where QEMU's user-mode network puts the guest, its gateway and its resolver (qemu(1), "-netdev user"). */
export const guestNetwork = {
  address: '10.0.2.15',
  mask: '255.255.255.0',
  gateway: '10.0.2.2',
  resolver: '10.0.2.3',
} as const;

/** `tcp 127.0.0.1:8080`, what two forwards cannot both have. */
export function portKey({ protocol, hostAddress, hostPort }: PortForward): string {
  return `${protocol} ${hostAddress}:${hostPort}`;
}
