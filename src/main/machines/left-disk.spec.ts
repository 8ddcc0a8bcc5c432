import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  defaultContainer,
  defaultSpec,
  machineIdSchema,
  type MachineView,
} from '../../shared/index.ts';
import { LeftDisks } from './left-disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'nandu-left-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const id = machineIdSchema.parse('5b0f3b0e-58a5-4f7e-9d2b-0b9f6f6a2c11');
const path = join(folder, `${id}.ext4`);
const disksOf = (storage: 'memory' | 'disk', state: MachineView['state']): LeftDisks => {
  const container = {
    ...defaultContainer,
    image: 'i',
    digest: `sha256:${'0'.repeat(64)}`,
    storage,
  };
  const spec = { ...defaultSpec, name: 'web', container };
  return new LeftDisks({ machineDisks: folder }, () => ({ id, spec, state }) as MachineView);
};

it('is found and deleted once nothing can want it, and not before', async () => {
  expect(await disksOf('memory', 'stopped').of(id)).toBeNull();
  writeFileSync(path, Buffer.alloc(8192, 1));
  expect(await disksOf('disk', 'stopped').of(id)).toBeNull();
  expect(await disksOf('memory', 'running').of(id)).toMatchObject({ path, bytes: 8192 });
  const refused = await Promise.allSettled([
    disksOf('disk', 'stopped').remove(id),
    disksOf('memory', 'paused').remove(id),
  ]);
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(existsSync(path)).toBe(true);
  await disksOf('memory', 'crashed').remove(id);
  expect(existsSync(path)).toBe(false);
});
