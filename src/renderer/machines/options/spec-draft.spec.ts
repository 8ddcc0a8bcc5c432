/** The runes are compiled as the window compiles them: vitest alone does not know them. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { createServer } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  AppError,
  defaultSpec,
  type Finding,
  type MachineSpec,
  type MachineView,
} from '../../../shared/index.ts';
import type { SpecDraft } from './spec-draft.svelte.ts';

let server: Awaited<ReturnType<typeof createServer>>;
let Draft: typeof SpecDraft;
beforeAll(async () => {
  server = await createServer({
    ...{ configFile: false, appType: 'custom', logLevel: 'error', root: import.meta.dirname },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    plugins: [svelte({ configFile: false })],
  });
  const path = '/spec-draft.svelte.ts';
  ({ SpecDraft: Draft } = (await server.ssrLoadModule(path)) as { SpecDraft: typeof SpecDraft });
}, 60_000);
afterAll(() => server.close());

const saved: MachineSpec = { ...defaultSpec, name: 'web' };
const view = (spec: MachineSpec, pendingChanges: string[] = []): MachineView =>
  ({ spec, pendingChanges }) as unknown as MachineView;
const finding: Finding = {
  ...{ level: 'error', code: 'needs-acpi', field: 'board.usb', message: 'USB needs ACPI.' },
  mend: { label: 'Turn ACPI on', changes: { 'board.acpi': true } },
};

it('knows what differs, what is wrong, and what it would send', () => {
  const draft = new Draft(saved);
  draft.type('vcpus', 'two');
  draft.set('onReboot', 'stop');
  expect([draft.changes, draft.spec, draft.changesAtNextStart]).toEqual([
    ...[['vcpus', 'onReboot'], null, 1],
  ]);
  expect(draft.messagesAt('vcpus')[0]?.text).toBe('Use a whole number of vCPUs.');
  draft.type('vcpus', ' 2 ');
  expect([draft.spec, draft.text('vcpus')]).toEqual([
    { ...saved, vcpus: 2, onReboot: 'stop' },
    ' 2 ',
  ]);
  draft.discard();
  expect([draft.changes, draft.text('vcpus')]).toEqual([[], '1']);
});

it('takes a mend over and a preset, and tells what was changed since', () => {
  const draft = new Draft(saved);
  draft.set('board.acpi', false);
  draft.set('board.usb', true);
  draft.findings = [finding];
  expect(draft.messagesAt('board.usb')).toEqual([
    { level: 'error', text: 'USB needs ACPI.', mend: finding.mend },
  ]);
  draft.mend(finding.mend?.changes ?? {});
  expect([draft.changes, draft.fromPreset]).toEqual([['board.usb'], ['board.usb']]);
  draft.choosePreset('fast');
  expect([draft.value.preset, draft.fromPreset]).toEqual(['fast', []]);
});

it('keeps a refusal until the field is changed, or anything when it is about none', () => {
  const draft = new Draft(saved);
  draft.type('name', 'taken');
  draft.refuse(new AppError('name_taken', 'Taken.', { details: { field: 'name' } }));
  draft.type('vcpus', '2');
  expect([draft.refusal, draft.messagesAt('name')[0]?.text]).toEqual(['Taken.', 'Taken.']);
  draft.type('name', 'free');
  expect(draft.refusal).toBeNull();
  draft.refuse(new AppError('disk_full', 'Full.'));
  draft.type('vcpus', '3');
  expect(draft.refusal).toBeNull();
});

it('follows main where nothing was edited, and is not thrown back by an older view', () => {
  const draft = new Draft(saved);
  draft.follow(view(saved));
  draft.type('vcpus', '2');
  draft.stored({ ...saved, vcpus: 2 }, { ...saved, vcpus: 2 });
  draft.follow(view(saved));
  expect([draft.value.vcpus, draft.changes]).toEqual([2, []]);
  draft.type('memoryMiB', '512');
  draft.follow(view({ ...saved, vcpus: 4, memoryMiB: 1024 }, ['kernel.path', 'board.pit']));
  expect([draft.value.vcpus, draft.value.memoryMiB, draft.changes]).toEqual([
    4,
    512,
    ['memoryMiB'],
  ]);
  expect([draft.pending, draft.isPending('kernel'), draft.isPending('board.pic')]).toEqual([
    ...[['kernel', 'board.pit'], true, false],
  ]);
});
