/** One import in a process of its own; prints what it cost as JSON. Usage: node --expose-gc import-once.ts LAYOUT FOLDER */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ImageLibrary } from '../../../src/main/images/container/index.ts';

/** A line of /proc/self/status, in KiB. */
function memory(line: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${line}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}

const [layout = '', folder = ''] = process.argv.slice(2);
const library = new ImageLibrary({ folder, usedBy: () => [], onProblem: console.error });
globalThis.gc?.();
const before = memory('VmRSS');
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const from = performance.now();
const { signal } = new AbortController();
await library.import(`oci:${layout}:latest`, { architecture: 'amd64', signal });
console.log(
  JSON.stringify({
    memoryMiB: Math.round((memory('VmHWM') - before) / 1024),
    blockedMs: Math.round(delay.max / 1e6),
    seconds: (performance.now() - from) / 1000,
  }),
);
