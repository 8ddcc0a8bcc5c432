import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultSpec, withChanges, type MachineSpec } from '../../shared/index.ts';
import { checkFiles } from './file-check.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nandu-files-'));
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'raw.img'), Buffer.alloc(4096));
  writeFileSync(join(folder, 'empty.img'), '');
  writeFileSync(join(folder, 'packed.qcow2'), Buffer.from('514649fb00000003', 'hex'));
  const backed = Buffer.alloc(512);
  backed.write('514649fb00000003', 'hex');
  backed.writeBigUInt64BE(104n, 8);
  writeFileSync(join(folder, 'backed.qcow2'), backed);
  writeFileSync(join(folder, 'bios.bin'), Buffer.alloc(128 * 1024));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec: MachineSpec = { ...defaultSpec, name: 'test' };
const disk = (file: string, more: object = {}): object => ({
  ...{ path: file.startsWith('/') ? file : join(folder, file), format: 'raw', readOnly: false },
  ...{ cache: 'writeback', limits: { iops: 0, bytesPerSecond: 0 }, ...more },
});

it.each<[string, Record<string, unknown>, string[]]>([
  ['raw.img', {}, []],
  ['packed.qcow2', { format: 'qcow2' }, []],
  // The guest once wrote over the header of an image whose path had been typed.
  ['packed.qcow2', {}, ['warning disk-is-qcow2 disks.0.format']],
  ['backed.qcow2', {}, ['warning disk-is-qcow2 disks.0.format']],
  ['raw.img', { format: 'qcow2' }, ['error disk-not-qcow2 disks.0.format']],
  ['empty.img', {}, ['warning disk-empty disks.0.path']],
  ['absent.img', {}, ['error disk-missing disks.0.path']],
  ['raw.img/below', {}, ['error disk-missing disks.0.path']],
  ['folder', {}, ['error disk-no-image disks.0.path']],
  ['/dev/null', {}, ['error disk-no-image disks.0.path']],
])('a disk %s with %j', async (file, more, expected) => {
  const findings = await checkFiles(withChanges(spec, { disks: [disk(file, more)] }));
  expect(findings.map(({ level, code, field }) => `${level} ${code} ${field}`)).toEqual(expected);
  for (const { mend } of findings.filter((finding) => finding.mend !== null)) {
    const mended = withChanges(
      withChanges(spec, { disks: [disk(file, more)] }),
      mend?.changes ?? {},
    );
    expect(await checkFiles(mended)).toEqual([]);
  }
});

it('offers no way to the files that a guest’s own header names', async () => {
  const [finding] = await checkFiles(withChanges(spec, { disks: [disk('backed.qcow2')] }));
  expect(finding).toMatchObject({ mend: null, message: expect.stringContaining('leave it raw') });
});

it.each([
  ['bios.bin', []],
  ['raw.img', ['firmware-no-image']],
  ['empty.img', ['firmware-no-image']],
  ['folder', ['firmware-no-image']],
  ['absent', ['firmware-missing']],
])('a firmware file %s', async (file, expected) => {
  const firmware = { kind: 'file', path: join(folder, file) };
  const findings = await checkFiles(withChanges(spec, { firmware }));
  expect(findings.map(({ code }) => code)).toEqual(expected);
});
