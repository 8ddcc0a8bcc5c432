import { describe, expect, it } from 'vitest';
import { defaultSpec, withPreset, type Disk, type MachineSpec } from '../../../shared/index.ts';
import {
  changedFields,
  discarded,
  errorAt,
  openDraft,
  readDraft,
  rebased,
  stored,
  textAt,
  withRows,
  withSpec,
  withText,
  withValue,
  withValues,
  type DraftState,
} from './draft-state.ts';

const disk = (path: string): Disk => ({
  ...{ path, format: 'raw', readOnly: false, cache: 'writeback' },
  limits: { iops: 0, bytesPerSecond: 0 },
});
const saved: MachineSpec = { ...defaultSpec, name: 'web', disks: [disk('/a'), disk('/b')] };

/** Types into fields, one after the other. */
function typed(state: DraftState, texts: Record<string, string>): DraftState {
  return Object.entries(texts).reduce((next, [path, text]) => withText(next, path, text), state);
}

describe('what is typed', () => {
  it('stays as it was typed, and is read where it can be', () => {
    const state = typed(openDraft(saved), { vcpus: ' 4', memoryMiB: '1 GiB', name: 'web ' });
    expect([textAt(state, 'vcpus'), textAt(state, 'memoryMiB'), textAt(state, 'name')]).toEqual([
      ...[' 4', '1 GiB', 'web '],
    ]);
    expect(state.value).toMatchObject({ vcpus: 4, memoryMiB: Number.NaN, name: 'web' });
    expect(changedFields(state)).toEqual(['vcpus', 'memoryMiB']);
    expect(readDraft(state)).toEqual({
      spec: null,
      errors: { memoryMiB: 'Use a whole number of MiB.' },
    });
  });

  it('is said to be wrong in words that fit the field', () => {
    const state = typed(openDraft(saved), {
      ...{ 'stopDeadlines.quitMs': 'soon', 'disks.1.limits.iops': '-1', kernel: 'vmlinux' },
    });
    const { errors } = readDraft(state);
    expect(errors).toEqual({
      'stopDeadlines.quitMs': 'Write a number of seconds, as in “5” or “0.5”.',
      'disks.1.limits.iops': 'A limit cannot be negative; 0 means none.',
      'kernel.path': expect.stringContaining('absolute path'),
    });
    expect([errorAt(errors, 'kernel'), errorAt(errors, 'kern')]).toEqual([
      expect.stringContaining('absolute path'),
      undefined,
    ]);
  });

  it('gives way to a value that comes from elsewhere', () => {
    const state = typed(openDraft(saved), { vcpus: 'many', memoryMiB: ' 512 ' });
    const mended = withValues(state, { vcpus: 2, 'board.pit': 'on', 'no.such.field': 1 });
    expect([textAt(mended, 'vcpus'), textAt(mended, 'memoryMiB')]).toEqual(['2', ' 512 ']);
    expect(changedFields(mended)).toEqual(['vcpus', 'memoryMiB', 'board.pit']);
    expect(discarded(mended)).toEqual(openDraft(saved));
  });
});

it('counts a choice between kinds as one change, and an edit that was taken back as none', () => {
  const once = withText(openDraft(saved), 'kernel', '/boot/vmlinux');
  const labelled = withValue(once, 'labels', ['a', 'b']);
  expect(changedFields(labelled)).toEqual(['labels', 'kernel']);
  expect(changedFields(withText(withValue(labelled, 'labels', []), 'kernel', ' '))).toEqual([]);
});

it('changes a preset’s options and nothing else', () => {
  const state = withSpec(openDraft(saved), withPreset(saved, 'emulated'));
  expect(changedFields(state)).toEqual([
    ...['preset', 'accelerator', 'board.pic', 'board.pit', 'board.rtc', 'quietKernel'],
  ]);
});

it('moves what was typed along with its disk, and forgets it with the disk', () => {
  const state = typed(openDraft(saved), {
    'disks.0.limits.iops': 'x',
    'disks.1.limits.iops': '7 ',
  });
  const [first, second] = state.value.disks as [Disk, Disk];
  const swapped = withRows(state, 'disks', [second, first], [1, 0]);
  expect([0, 1].map((at) => textAt(swapped, `disks.${at}.limits.iops`))).toEqual(['7 ', 'x']);
  const removed = withRows(swapped, 'disks', [first, disk('/c')], [1, null]);
  expect([0, 1].map((at) => textAt(removed, `disks.${at}.limits.iops`))).toEqual(['x', '0']);
  expect(removed.value.disks.map(({ path }) => path)).toEqual(['/a', '/c']);
});

describe('when main’s definition changes meanwhile', () => {
  const theirs: MachineSpec = {
    ...saved,
    ...{ name: 'renamed', vcpus: 8, kernel: { kind: 'file', path: '/theirs' } },
    board: { ...saved.board, acpi: false },
    disks: [{ ...disk('/a'), readOnly: true }, disk('/b')],
  };

  it('keeps edits and lets all other fields follow', () => {
    const mine = typed(openDraft(saved), {
      ...{ vcpus: '2', memoryMiB: 'lots', kernel: '/mine', 'disks.0.limits.iops': '9' },
    });
    const state = rebased(withValue(mine, 'board.pit', 'on'), theirs);
    expect(state.value).toEqual({
      ...theirs,
      ...{ vcpus: 2, memoryMiB: Number.NaN, kernel: { kind: 'file', path: '/mine' } },
      board: { ...saved.board, acpi: false, pit: 'on' },
      disks: [
        { ...disk('/a'), readOnly: true, limits: { iops: 9, bytesPerSecond: 0 } },
        disk('/b'),
      ],
    });
    expect(textAt(state, 'memoryMiB')).toBe('lots');
    expect(discarded(state).value).toEqual(theirs);
  });

  it('keeps a list whose length was changed whole', () => {
    const mine = withRows(openDraft(saved), 'disks', [disk('/a')], [0]);
    expect(rebased(mine, theirs).value.disks).toEqual([disk('/a')]);
  });

  it('keeps what was typed while a save was under way', () => {
    const sent = withText(openDraft(saved), 'vcpus', '2');
    const since = withText(sent, 'vcpus', '3');
    const answered = { ...sent.value, name: 'web (2)' };
    const state = stored(since, sent.value, answered);
    expect([changedFields(state), state.value.name, textAt(state, 'vcpus')]).toEqual([
      ...[['vcpus'], 'web (2)', '3'],
    ]);
  });
});
