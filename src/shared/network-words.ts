/** The network presets in words. Without schemas, because the window's first view has none. */
import type { Network } from './network.ts';

/** Each preset as the window says it. */
export const networks: Record<Network, { title: string; summary: string }> = {
  offline: { title: 'Offline', summary: 'No network device at all.' },
  'host-ports': {
    title: 'Host ports only',
    summary:
      'This computer reaches the ports that are forwarded; the guest itself reaches nothing.',
  },
  internet: {
    title: 'Internet without the local network',
    summary:
      'The guest reaches the outside, but neither this computer nor private addresses around it.',
  },
  full: {
    title: 'Full',
    summary:
      'Whatever this computer reaches, the guest reaches, services of this computer’s own (as 10.0.2.2) included.',
  },
};
