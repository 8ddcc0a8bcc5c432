import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LogReader } from '../console/index.ts';
import { careFor, lookMs, RunCare } from './run-care.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nandu-care-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

function parts(): {
  files: { consoleLog: string; serialLog: string; qemuLog: string };
  hub: LogReader & { receivedBytes: number };
  look: ReturnType<typeof vi.fn<() => void>>;
  problems: unknown[];
} {
  const at = (name: string): string => join(folder, name);
  return {
    files: {
      consoleLog: at('console.log'),
      serialLog: at('serial.log'),
      qemuLog: at('qemu.log'),
    },
    hub: { receivedBytes: 0, catchUp: vi.fn(), emptied: vi.fn() },
    look: vi.fn<() => void>(),
    problems: [],
  };
}

it('bounds a log as soon as its console has said much, and one that it does not hear of now and then', async () => {
  const { files, hub, look, problems } = parts();
  const care = new RunCare({
    ...{ files, hub, live: () => ({ look }), maxBytes: 1_000 },
    onProblem: (error) => problems.push(error),
  });
  const once = async (): Promise<string[]> => {
    care.look();
    await care.rest();
    return readdirSync(folder).filter((name) => name.endsWith('.1'));
  };
  expect(await once()).toEqual([]);
  writeFileSync(files.consoleLog, 'x'.repeat(1_500));
  writeFileSync(files.serialLog, 'x'.repeat(1_500));
  hub.receivedBytes = 200;
  expect(await once()).toEqual([]);
  hub.receivedBytes = 1_500;
  expect(await once()).toEqual(['console.log.1', 'serial.log.1']);
  expect(statSync(files.consoleLog).size).toBe(0);
  expect(vi.mocked(hub.emptied).mock.calls).toEqual([[files.consoleLog]]);
  // QEMU's own log says nothing on the console.
  writeFileSync(files.qemuLog, 'x'.repeat(1_500));
  for (let looks = 3; looks < 15; looks++) expect(await once()).not.toContain('qemu.log.1');
  expect(await once()).toContain('qemu.log.1');
  expect(look).toHaveBeenCalledTimes(16);
  expect(problems).toEqual([]);
});

it('looks once a second until it is told to end, and ends only when no log is being moved', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { files, hub, look } = parts();
  writeFileSync(files.consoleLog, 'x'.repeat(1_500));
  const end = careFor({
    ...{ files, hub, live: () => ({ look }), maxBytes: 1_000 },
    onProblem: (error) => expect.unreachable(String(error)),
  });
  vi.advanceTimersByTime(3 * lookMs);
  expect(look).toHaveBeenCalledTimes(3);
  await end();
  expect(readdirSync(folder).sort()).toEqual(['console.log', 'console.log.1']);
  vi.advanceTimersByTime(10 * lookMs);
  expect(look).toHaveBeenCalledTimes(3);
});
