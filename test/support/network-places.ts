/** Who is where in the world that the network is probed in. None of it exists outside of the test's namespaces. */
import { execFileSync } from 'node:child_process';

export const standInPort = 7000;

/** This computer's own addresses there. */
export const ownAddresses = ['192.168.77.1/24', '198.51.100.1/24'] as const;

/** Addresses of others, by what they stand for. */
export const standIns = {
  /** In the local network. */
  lan: '192.168.77.2/24',
  /** In the same network, although its addresses are public. */
  neighbour: '198.51.100.2/24',
  linkLocal: '169.254.77.7/16',
  /** Private, and reached through the gateway, like another part of a company's network. */
  privateFar: '10.77.0.7/32',
  internet: '203.0.113.7/32',
} as const;

/** What the resolver there knows. */
export const standInName = 'stand-in.test';

export const withoutPrefix = (address: string): string => address.replace(/\/.*/, '');

/** Runs a program to its end. @throws Error with what it said. */
export function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { timeout: 10_000, stdio: ['ignore', 'ignore', 'pipe'] });
}
