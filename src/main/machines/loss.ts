/**
 * Says how a run ended that nobody watched, from what it left in its logs.
 * Never claims more than they tell.
 */
import { stat } from 'node:fs/promises';
import type { RunEnd } from '../../shared/index.ts';
import { readLog } from '../console/index.ts';
import type { RunFiles } from '../host/index.ts';
import { commandEnded, commandEndIn } from './command-end.ts';
import { withCode } from './run-end.ts';

/** @returns the end, and when its logs were last written to, epoch milliseconds. */
export async function explainLoss(files: RunFiles): Promise<{ end: RunEnd; endedAtMs: number }> {
  const [qemu, console] = await Promise.all(
    [files.qemuLog, files.consoleLog].map((path) =>
      readLog(path).then(
        ({ lines }) => lines.slice(-200),
        () => [], // it cannot be read: then it tells nothing
      ),
    ),
  );
  const times = await Promise.all(
    [files.qemuLog, files.consoleLog].map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  const last = Math.max(...times);
  return { end: endOf(qemu ?? [], console ?? []), endedAtMs: last > 0 ? last : Date.now() };
}

function endOf(qemu: readonly string[], console: readonly string[]): RunEnd {
  const unseen = 'while Nandu was not running';
  const signal = qemu
    .map((line) => /terminating on signal (\d+)/.exec(line)?.[1])
    .findLast((found) => found !== undefined);
  if (signal !== undefined) {
    return {
      ...{ kind: 'qemu-exit', expected: false },
      message: `QEMU was ended by signal ${signal} ${unseen}.`,
    };
  }
  if (console.some((line) => line.includes('Kernel panic - not syncing'))) {
    return {
      ...{ kind: 'guest-panic', expected: false },
      message: `The guest’s kernel panicked ${unseen}. Its last lines say why.`,
    };
  }
  const command = commandEndIn(console);
  if (command !== null) {
    const [first = '', ...rest] = commandEnded(command).split(/(?<=\.) /);
    const message = [first.replace(/\.$/, ` ${unseen}.`), ...rest].join(' ');
    return withCode({ kind: 'command-ended', expected: true, message }, command);
  }
  if (console.slice(-5).some((line) => /reboot: Power down|powering off/.test(line))) {
    return {
      ...{ kind: 'guest-shutdown', expected: true },
      message: `The guest powered off ${unseen}.`,
    };
  }
  return { kind: 'lost', expected: true, message: `The machine ended ${unseen}.` };
}
