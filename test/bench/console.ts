/**
 * A guest that floods its virtio console while somebody types: how fast it is drained, how soon a key is echoed,
 * and whether the log has every byte.
 */
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryDirectory } from '../support/folders.ts';
import { prompt } from '../support/by-hand.ts';
import { Services } from '../support/services.ts';
import { figuresOf, type Figures } from './figures.ts';
import { FloodWatch } from './flood-watch.ts';

export interface ConsoleBench {
  readonly mbPerS: Figures;
  readonly echoMs: Figures;
  /** in the log */
  readonly lostBytes: number;
  /** floods whose end QEMU dropped instead of showing it, because it was read too late */
  readonly unseen: number;
  readonly floodedBytes: number;
}

const blockBytes = 64 * 1024;
/** 21 MB a flood: within the 32 MiB at which a log is cut. */
const blocks = 320;
const filler = 0x78; // x
/** Made before: an emulated guest that made it meanwhile would be what is measured. */
const prepare = `dd if=/dev/zero bs=${blockBytes} count=${blocks} 2>/dev/null | tr '\\0' x >/flood; echo "flood-"made\r`;
const command = `stty -opost; cat /flood; echo; echo "flood-"over\r`;
const key = 'q';
/** Somebody who types fast. */
const keyEveryMs = 100;
const settleMs = 1_000;

/** @param rounds floods, each in a run of its own. */
export async function benchConsole(
  rounds: number,
  say: (line: string) => void,
): Promise<ConsoleBench> {
  const folder = temporaryDirectory();
  const services = await Services.open(folder);
  try {
    const { manager } = services;
    const { id } = await manager.create(services.spec({ console: 'virtio', quietKernel: true }));
    const rates: number[] = [];
    const echoes: number[] = [];
    let lostBytes = 0;
    let unseen = 0;
    for (let round = 0; round < rounds; round++) {
      // A view that is opened later is not shown the last run's prompt.
      await manager.start(id);
      const files = services.recordOf(id);
      const watcher = new FloodWatch({
        qemuPid: qemuPidOf(files.launchRecord),
        logPath: files.consoleLog,
        state: () => manager.get(id).state,
      });
      const view = manager.openConsole(id, {
        post: (message) => {
          if (!('data' in message)) return;
          watcher.take(message.data);
          // As a terminal that draws at once.
          queueMicrotask(() => view.acknowledge(message.data.byteLength));
        },
      });
      await watcher.until(prompt);
      view.input(prepare);
      await watcher.until('flood-made', 60_000);
      await watcher.until(prompt);
      view.input(command);
      await watcher.until('xxxx');
      const startedAt = performance.now();
      const over = watcher.until('flood-over', 180_000).then(() => performance.now());
      over.catch(() => undefined); // where its end was dropped
      let overAt: number | null = null;
      while (overAt === null) {
        overAt = await Promise.race([over, delay(keyEveryMs, null)]);
        if (overAt === null && watcher.isLogged('flood-over')) {
          // What is on its way to the view gets another moment.
          overAt = await Promise.race([over, delay(settleMs, null)]);
          if (overAt === null) {
            unseen += 1;
            overAt = performance.now() - settleMs;
          }
        }
        if (overAt !== null) break;
        const pressedAt = performance.now();
        const echoed = watcher.untilKey(key);
        // One that never comes counts as the longest wait, and says what stood still.
        const counted = echoed.catch((error: unknown) => {
          if (overAt === null) say(String(error));
          return performance.now();
        });
        view.input(key);
        // One that comes no more before the flood's end is not waited for.
        const echoedAt = await Promise.race([counted, over.then(() => null)]);
        if (echoedAt !== null) echoes.push(echoedAt - pressedAt);
      }
      rates.push((blocks * blockBytes) / 1e6 / ((overAt - startedAt) / 1000));
      let logged = 0;
      const log = readFileSync(files.consoleLog);
      // The flood alone: welcome and command have an x as well, and keys come only after its first bytes.
      for (const byte of log.subarray(log.indexOf('xxxx'), log.lastIndexOf('flood-over'))) {
        if (byte === filler) logged += 1;
      }
      const lost = blocks * blockBytes - logged;
      // One that came twice must not make up for one that did not come.
      lostBytes += Math.abs(lost);
      say(
        `flood ${round}: ${rates.at(-1)?.toFixed(1)} MB/s, ${lost} bytes lost, last echo ${echoes.at(-1)?.toFixed(1)} ms`,
      );
      view.close();
      watcher.close();
      await manager.forceStop(id);
    }
    if (unseen > 0)
      say(`in ${unseen} of ${rounds} floods QEMU dropped what the log has but no view`);
    return {
      ...{ mbPerS: figuresOf(rates), echoMs: figuresOf(echoes), lostBytes, unseen },
      floodedBytes: rounds * blocks * blockBytes,
    };
  } finally {
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function qemuPidOf(launchRecord: string): number {
  const { pid } = JSON.parse(readFileSync(launchRecord, 'utf8')) as { pid: unknown };
  if (typeof pid !== 'number') throw new Error('the launch record has no pid');
  return pid;
}
