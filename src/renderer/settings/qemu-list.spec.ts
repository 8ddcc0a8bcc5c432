import { expect, it } from 'vitest';
import type { QemuInfo } from '../../shared/index.ts';
import { listQemus } from './qemu-list.ts';

const info = (path: string): QemuInfo => ({
  ...{ path, version: '9.0.0', missing: [], cpuModels: [], problem: null },
});

it('lists each binary once, marks the default, and lets only registered ones go', () => {
  const listed = listQemus(
    [info('/usr/bin/qemu'), info('/opt/qemu')],
    ['/opt/qemu', '/new/qemu'],
    '/usr/bin/qemu',
  );
  expect(
    listed.map(({ path, info: known, isDefault, removable }) => [
      path,
      known !== null,
      isDefault,
      removable,
    ]),
  ).toEqual([
    ['/usr/bin/qemu', true, true, false],
    ['/opt/qemu', true, false, true],
    ['/new/qemu', false, false, true],
  ]);
});
