import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { probeKvm } from './kvm-probe.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'nandu-kvm-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A “QEMU” that says its pid, and then what the script says. */
function target(script: string): { qemuPath: string; kernelPath: string; initrdPath: string } {
  const qemuPath = join(folder, 'qemu');
  writeFileSync(qemuPath, `#!/bin/sh\necho $$ > '${join(folder, 'pid')}'\n${script}\n`);
  chmodSync(qemuPath, 0o755);
  return { qemuPath, kernelPath: '/k', initrdPath: '/i' };
}

const device = '/dev/null'; // may be read and written
const pidOf = (): number => Number(readFileSync(join(folder, 'pid'), 'utf8'));
/** A zombie has ended; not every init collects them at once. */
function lives(pid: number): boolean {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // it is gone altogether
  }
}

it('believes a guest whose first process speaks, and ends it', async () => {
  const speaking = target("echo 'nandu: user space uptime=1'; exec sleep 100");
  const verdict = await probeKvm(speaking, new AbortController().signal, device);
  expect(verdict).toMatchObject({ works: true, booted: true });
  await expect.poll(() => lives(pidOf())).toBe(false);
});

it.each([
  ['says why', 'echo "no such CPU" >&2; exit 1', 'QEMU said “no such CPU”.'],
  ['says nothing', 'exit 1', 'QEMU ended before the probe’s guest booted.'],
  ['was halted by KVM', 'echo "KVM internal error" >&2; exec sleep 100', 'does not run with it'],
])('refuses a QEMU that %s', async (_, script, reason) => {
  const verdict = await probeKvm(target(script), new AbortController().signal, device);
  expect(verdict).toMatchObject({ works: false, booted: true });
  expect(verdict.reason).toContain(reason);
  await expect.poll(() => lives(pidOf())).toBe(false);
});

it('says what keeps it from the device', async () => {
  const missing = join(folder, 'none');
  const verdict = await probeKvm(target(''), new AbortController().signal, missing);
  expect(verdict).toMatchObject({ works: false, booted: false });
  expect(verdict.reason).toContain('There is no /dev/kvm');
});

it('ends its guest when it is called off', async () => {
  const end = new AbortController();
  const probe = probeKvm(target('exec sleep 100'), end.signal, device);
  await expect.poll(() => existsSync(join(folder, 'pid')) && pidOf() > 0).toBe(true);
  end.abort();
  expect(await probe).toMatchObject({ works: false, reason: 'The probe was called off.' });
  await expect.poll(() => lives(pidOf())).toBe(false);
});

it('lets no guest outlive a Nandu that is killed: something else ends it in time', async () => {
  const module = new URL('./kvm-probe.ts', import.meta.url).href;
  const words = JSON.stringify(target('exec sleep 100'));
  const app = spawn(process.execPath, [
    ...['--input-type=module', '-e'],
    `const { probeKvm } = await import('${module}');
     await probeKvm(${words}, new AbortController().signal, '${device}');`,
  ]);
  await expect
    .poll(() => existsSync(join(folder, 'pid')) && pidOf() > 0, { timeout: 10_000 })
    .toBe(true);
  app.kill('SIGKILL');
  const pid = pidOf();
  const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const above = readFileSync(`/proc/${parent}/cmdline`, 'utf8').split('\0');
  expect(above.slice(0, 4)).toEqual(['timeout', '-s', 'KILL', '20']);
  // It would; the test need not wait for it.
  process.kill(-Number(parent), 'SIGKILL');
  await expect.poll(() => lives(pid)).toBe(false);
});
