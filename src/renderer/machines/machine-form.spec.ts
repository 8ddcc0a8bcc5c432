import { expect, it } from 'vitest';
import {
  AppError,
  defaultContainer,
  defaultSpec,
  machineSpecSchema,
  presetOptions,
  withPreset,
} from '../../shared/index.ts';
import type { MachineView } from '../../shared/index.ts';
import {
  formOf,
  initialForm,
  type MachineForm,
  isContainerField,
  placeError,
  proposalFor,
  readForm,
  withContainer,
  withFormPreset,
  withProposal,
} from './machine-form.ts';

it('sends the defaults as they are', () => {
  expect(readForm(initialForm('machine-1'))).toEqual({
    ok: true,
    spec: { name: 'machine-1', ...defaultSpec },
  });
});

it('reads files, “none” and blanks around what was typed', () => {
  const read = readForm({
    ...initialForm(' lab '),
    vcpus: ' 4 ',
    memoryMiB: '1024',
    kernel: ' /boot/vmlinux ',
    initrd: 'None',
    commandLine: ' nokaslr ',
  });
  expect(read).toEqual({
    ok: true,
    spec: {
      ...defaultSpec,
      name: 'lab',
      vcpus: 4,
      memoryMiB: 1024,
      kernel: { kind: 'file', path: '/boot/vmlinux' },
      initrd: { kind: 'none' },
      commandLine: 'nokaslr',
    },
  });
});

it('says what is wrong at every field, and corrects nothing', () => {
  const read = readForm({
    ...initialForm('  '),
    vcpus: '2 cores',
    memoryMiB: '12',
    kernel: 'boot/vmlinux',
    initrd: './initrd',
    commandLine: 'a\nb',
  });
  expect(read).toEqual({
    ok: false,
    errors: {
      name: 'Give the machine a name.',
      vcpus: 'Use a whole number of vCPUs.',
      memoryMiB: expect.stringContaining('at least 32 MiB'),
      kernel: expect.stringContaining('absolute path'),
      initrd: expect.stringContaining('absolute path'),
      commandLine: 'The command line must be a single line.',
    },
  });
});

it('takes a preset’s options over, and keeps what was typed', () => {
  const form = { ...initialForm('lab'), memoryMiB: '512', accelerator: 'kvm' as const };
  const read = readForm(withFormPreset(form, 'minimal'));
  expect(read).toEqual({
    ok: true,
    spec: {
      ...defaultSpec,
      ...presetOptions.minimal,
      ...{ name: 'lab', memoryMiB: 512, preset: 'minimal' },
    },
  });
});

it('shows a definition and reads it back as it was', () => {
  const spec = machineSpecSchema.parse({
    ...withPreset({ ...defaultSpec, name: 'lab' }, 'fast'),
    ...{
      vcpus: 3,
      kernel: { kind: 'file', path: '/k' },
      initrd: { kind: 'none' },
      commandLine: 'a=b',
    },
  });
  expect(readForm(formOf(spec))).toEqual({ ok: true, spec });
});

it('places a refusal of main at its field', () => {
  const taken = new AppError('name_taken', 'Taken.', { details: { field: 'name' } });
  const full = new AppError('disk_full', 'Full.', { details: { field: 'moon' } });
  const gone = new AppError('file_missing', 'Gone.', { details: { field: 'kernel.path' } });
  expect([placeError(taken), placeError(gone), placeError(full)]).toEqual([
    { field: 'name', message: 'Taken.' },
    { field: 'kernel', message: 'Gone.' },
    { field: null, message: 'Full.' },
  ]);
});

it('lets name, memory and preset follow the image until they are typed or chosen', () => {
  const machines = [{ spec: { name: 'Alpine' } }] as MachineView[];
  const none = proposalFor('', machines);
  const alpine = proposalFor('alpine:3', machines);
  expect([none, alpine]).toEqual([
    { name: 'machine-1', memoryMiB: '256', preset: 'compatible' },
    { name: 'alpine 2', memoryMiB: '512', preset: 'fast' },
  ]);
  const form = initialForm('machine-1');
  expect(withProposal(form, none, alpine)).toMatchObject({ name: 'alpine 2', memoryMiB: '512' });
  const typed = withFormPreset({ ...form, name: 'mine', memoryMiB: '1024' }, 'compatible');
  expect(withProposal(typed, none, alpine)).toEqual(typed);
  expect(proposalFor('two words', machines).name).toBe('container');
});

it('makes the kernel of a container quiet, and takes that back with the image', () => {
  const none = proposalFor('', []);
  const alpine = proposalFor('alpine', []);
  const form = { ...initialForm('machine-1'), accelerator: 'tcg' as const };
  const quiet = withProposal(form, none, alpine);
  const read = readForm(quiet);
  expect(read.ok && read.spec).toMatchObject({
    ...{ preset: 'fast', quietKernel: true, firmware: { kind: 'qboot' }, accelerator: 'tcg' },
  });
  expect(withProposal(quiet, alpine, none)).toEqual(form);
  // Also one that was chosen for the image stays when the image goes.
  const chosen = withFormPreset(quiet, 'fast');
  expect(withProposal(chosen, alpine, none)).toMatchObject({ preset: 'fast' });
});

it('puts the container’s part and its image into the definition', () => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const part = machineSpecSchema.parse({
    ...{ ...defaultSpec, name: 'x', network: 'full', lifetimeMinutes: 5 },
    container: { ...defaultContainer, image: 'none', digest: `sha256:${'0'.repeat(64)}` },
  });
  const spec = machineSpecSchema.parse({ ...defaultSpec, name: 'web', memoryMiB: 512 });
  const image = { source: 'docker://docker.io/library/alpine:latest', digest };
  expect(withContainer(spec, part, image)).toEqual({
    ...{ ...spec, network: 'full', lifetimeMinutes: 5 },
    container: { ...defaultContainer, image: image.source, digest },
  });
  const fields = [
    'container.user',
    'portForwards.0.hostPort',
    'network',
    'ready.port',
    'kernel.path',
  ];
  expect(fields.map(isContainerField)).toEqual([true, true, true, true, false]);
});

it('turns ACPI off for the fast kernel in the preset Fast, in whatever order they were chosen', () => {
  const typed = { ...initialForm('one'), kernel: 'fast' };
  const chosen = withFormPreset(typed, 'fast');
  const other = { ...withFormPreset(initialForm('one'), 'fast'), kernel: 'fast' };
  const acpi = (form: MachineForm): unknown => {
    const read = readForm(form);
    return read.ok && read.spec.board.acpi;
  };
  expect([acpi(typed), acpi(chosen), acpi(other)]).toEqual([true, false, false]);
  expect(acpi({ ...other, kernel: '' })).toBe(true);
  // The kernel was another one when the preset was chosen.
  expect(acpi({ ...chosen, kernel: '' })).toBe(true);
});
