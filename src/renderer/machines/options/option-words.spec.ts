import { expect, it } from 'vitest';
import { defaultContainer, defaultSpec, machineSpecSchema } from '../../../shared/index.ts';
import { fieldsOf } from './field-paths.ts';
import { hasRow, sectionOf, sections, titleOf } from './option-words.ts';

/** A definition in which every field is there. */
const disk = { path: '/a', format: 'raw', readOnly: false, cache: 'none' };
const spec = machineSpecSchema.parse({
  ...{ ...defaultSpec, name: 'web' },
  disks: [{ ...disk, limits: { iops: 0, bytesPerSecond: 0 } }],
  portForwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, guestPort: 80 }],
  container: {
    ...defaultContainer,
    ...{ image: 'docker://docker.io/library/alpine:latest', digest: `sha256:${'0'.repeat(64)}` },
    environment: [{ name: 'A', value: 'b' }],
    secrets: ['TOKEN'],
    folders: [{ hostPath: '/srv', guestPath: '/data', readOnly: true }],
  },
});
const leaves = (value: unknown, prefix: string): string[] =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, part]) => leaves(part, `${prefix}.${key}`))
    : [prefix];
const fields = fieldsOf(Object.entries(spec).flatMap(([key, value]) => leaves(value, key)));

it('has a title, a section and a row for every field of a definition', () => {
  expect(fields.length).toBeGreaterThan(40);
  const covered = new Set<string>(sections.flatMap((section) => section.fields));
  expect(Object.keys(spec).filter((key) => !covered.has(key))).toEqual([]);
  const unnamed = ['container', ...fields].filter((field) => titleOf(field) === field);
  expect(unnamed).toEqual([]);
  expect(fields.filter((field) => !hasRow(field))).toEqual([]);
});

it('names a disk by its place, and its part by a word', () => {
  const paths = [
    'disks',
    'disks.0',
    'disks.1.limits.iops',
    'disks.1.limits',
    'kernel.path',
    'board.pit',
  ];
  expect(paths.map(titleOf)).toEqual([
    ...['Disks', 'Disk 1', 'Disk 2: operations per second', 'Disk 2', 'Kernel', 'Interval timer'],
  ]);
  expect(paths.map(hasRow)).toEqual([true, true, true, false, true, true]);
  expect(paths.map(sectionOf)).toEqual(['disks', 'disks', 'disks', 'disks', 'boot', 'board']);
});

it('names the sign of readiness and what it is told with by their own labels', () => {
  const paths = ['ready', 'ready.kind', 'ready.text', 'ready.port', 'ready.name'];
  expect(paths.map(titleOf)).toEqual([
    ...['Ready when', 'Ready when', 'Text on the console', 'Port in the guest'],
    'Name of the mark',
  ]);
});

it('sends what concerns no single field to its section', () => {
  expect(
    ['board', 'devices', 'container', 'moon'].map((path) => [hasRow(path), sectionOf(path)]),
  ).toEqual([
    [false, 'board'],
    [false, 'devices'],
    [false, 'container'],
    [false, 'general'],
  ]);
});
