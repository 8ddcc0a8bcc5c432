import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { confine, scopeCall } from './scope.ts';

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nandu-scope-'));
  mkdirSync(join(folder, 'systemd'));
  writeFileSync(join(folder, 'systemd', 'private'), '');
  env = { PATH: `${folder}:/usr/bin:/bin`, XDG_RUNTIME_DIR: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A service manager that writes down what it is asked. */
function busctl(script: string): void {
  writeFileSync(
    join(folder, 'busctl'),
    `#!/bin/sh\nprintf '%s\\n' "$@" >'${folder}/asked'\n${script}\n`,
  );
  chmodSync(join(folder, 'busctl'), 0o755);
}

const limits = { memoryMiB: 512, vcpus: 2 };

it('asks for a scope with the processes in it and its limits', async () => {
  busctl('exit 0');
  expect(await confine([4711, 4712], 'a-b', limits, env)).toBeNull();
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
  expect(asked).toEqual(scopeCall([4711, 4712], 'a-b', limits));
  expect(asked.slice(7).join(' ')).toBe(
    'ssa(sv)a(sa(sv)) nandu-a-b.scope fail 7 Description s A machine of Nandu PIDs au 2 4711 4712 ' +
      'MemoryMax t 1073741824 MemorySwapMax t 1073741824 CPUQuotaPerSecUSec t 3000000 ' +
      'TasksMax t 264 CollectMode s inactive-or-failed 0',
  );
});

it('says why there is none: no manager, no tool, a refusal', async () => {
  expect(await confine([1], 'x', limits, {})).toContain('no systemd user manager');
  expect(await confine([1], 'x', limits, { ...env, PATH: folder })).toContain('not installed');
  busctl('echo "Call failed: Access denied" >&2; exit 1');
  expect(await confine([1], 'x', limits, env)).toBe('Call failed: Access denied');
});
