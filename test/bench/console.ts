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
  readonly floodedBytes: number;
}

const blockBytes = 64 * 1024;
/** 21 MB a flood: within the 32 MiB at which a log is cut. */
const blocks = 320;
const filler = 0x78; // x
/** Made before: an emulated guest that made it meanwhile would be what is measured. */
const prepare = `dd if=/dev/zero bs=${blockBytes} count=${blocks} 2>/dev/null | tr '\\0' x >/flood; echo "flood-"made\r`;
const command = `stty -opost; cat /flood; echo; echo "flood-"over\r`;
/** Others than the flood's, and each rarely: one that is shown once more in a replay must not pass for the next. */
const keys = 'bcdgijknpqsuvwyz';
/** Somebody who types fast. */
const keyEveryMs = 100;

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
      let overAt: number | null = null;
      for (let pressed = 0; ; pressed++) {
        overAt = await Promise.race([over, delay(keyEveryMs, null)]);
        if (overAt !== null) break;
        const key = keys.charAt(pressed % keys.length);
        const pressedAt = performance.now();
        const echoed = watcher.untilKey(key);
        // One that never comes counts as the longest wait, and says what stood still.
        const counted = echoed.catch((error: unknown) => {
          say(String(error));
          return performance.now();
        });
        view.input(key);
        // One that comes only after the flood counts as well.
        echoes.push((await counted) - pressedAt);
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
    return {
      ...{ mbPerS: figuresOf(rates), echoMs: figuresOf(echoes), lostBytes },
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
