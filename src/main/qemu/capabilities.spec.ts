import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  fakeQemuEnvironment,
  fakeQemuPath,
  type FakeQemuBehaviour,
} from '../../../test/fakes/fake-qemu.ts';
import { temporaryDirectory } from '../../../test/support/folders.ts';
import { probeCapabilities, qemuCapabilitiesSchema, type ProbeOptions } from './capabilities.ts';
import { missingFeatures } from './missing-features.ts';

// Each test starts four processes, on a machine that may be busy with real ones.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
  vi.stubEnv('TMPDIR', join(folder, 'tmp'));
  mkdirSync(join(folder, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  const leftFiles = readdirSync(join(folder, 'tmp'));
  rmSync(folder, { recursive: true });
  expect({ leftFiles, leftProcesses: processesNaming(folder) }).toEqual({
    leftFiles: [],
    leftProcesses: [],
  });
});

/** The probe's QEMU has its socket in the folder. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false; // ended meanwhile
    }
  });
}

function probe(
  behaviour: FakeQemuBehaviour,
  {
    signal = new AbortController().signal,
    ...options
  }: ProbeOptions & { signal?: AbortSignal } = {},
): ReturnType<typeof probeCapabilities> {
  const { NANDU_FAKE_QEMU } = fakeQemuEnvironment({ alsoWhenAsked: true, ...behaviour });
  vi.stubEnv('NANDU_FAKE_QEMU', NANDU_FAKE_QEMU);
  return probeCapabilities(fakeQemuPath, signal, {
    deadlineMs: 30_000,
    firmwareFolders: [],
    ...options,
  });
}

describe('probeCapabilities', () => {
  it('asks for everything, sorts it, and gives plain data', async () => {
    const dataFolder = join(folder, 'data');
    mkdirSync(dataFolder);
    writeFileSync(join(dataFolder, 'qboot.rom'), 'qboot');
    writeFileSync(join(dataFolder, 'bios-microvm.bin'), '\0SeaBIOS (version %s)\0');
    const found = await probe({ dataFolder });
    expect(found).toEqual({
      version: { major: 7, minor: 2, micro: 22 },
      machineTypes: ['microvm', 'none', 'pc-q35-7.2'],
      machineProperties: [
        ...['acpi', 'auto-kernel-cmdline', 'ioapic2', 'isa-serial', 'memory-backend', 'pcie'],
        ...['pic', 'pit', 'rtc', 'usb', 'x-option-roms'],
      ],
      devices: [
        ...['pvpanic', 'sysbus-xhci', 'vhost-vsock-device', 'virtconsole'],
        ...['virtio-balloon-device', 'virtio-blk-device', 'virtio-net-device'],
        ...['virtio-rng-device', 'virtio-serial-device', 'virtserialport'],
      ],
      objects: ['memory-backend-file', 'memory-backend-memfd', 'rng-random', 'throttle-group'],
      netdevs: ['hubport', 'socket', 'stream', 'tap', 'user'],
      cpuModels: ['EPYC', 'EPYC-v1', 'host', 'max', 'qemu64', 'qemu64-v1'],
      traceEvents: ['fw_cfg_select', 'runstate_set', 'virtio_set_status'],
      sandbox: true,
      firmware: {
        qboot: join(dataFolder, 'qboot.rom'),
        seabios: join(dataFolder, 'bios-microvm.bin'),
      },
    });
    expect(missingFeatures(found)).toEqual([]);
    expect(qemuCapabilitiesSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it('finds out what an old or slim QEMU lacks', async () => {
    const lacks = ['acpi', 'pcie', 'ioapic2', 'sysbus-xhci', 'user', 'sandbox', 'runstate_set'];
    const found = await probe({ version: '4.2.1', lacks });
    expect(found).toMatchObject({
      version: { major: 4, minor: 2, micro: 1 },
      traceEvents: ['fw_cfg_select', 'virtio_set_status'],
      sandbox: false,
    });
    expect(missingFeatures(found)).toEqual([
      ...['acpi', 'pcie', 'usb', 'ioapic2', 'userNetwork', 'sandbox', 'qboot', 'seabios'],
      'bootTracing',
    ]);
  });

  it('survives a QEMU without microvm, which has no properties either', async () => {
    const found = await probe({ lacks: ['microvm'] });
    expect(found.machineProperties).toEqual([]);
    expect(missingFeatures(found)).toEqual([
      ...['microvm', 'acpi', 'pcie', 'ioapic2', 'qboot', 'seabios'],
    ]);
  });

  it('learns it also from a fake that fails as a machine', async () => {
    const behaviour = { dieAt: 'start', alsoWhenAsked: false, version: '6.2.0' } as const;
    expect(await probe(behaviour)).toMatchObject({ version: { major: 6, minor: 2, micro: 0 } });
  });

  it('does not count a trace event that was compiled out', async () => {
    const answers = {
      'trace-event-get-state': [{ name: 'runstate_set', state: 'unavailable', vcpu: false }],
    };
    expect((await probe({ answers })).traceEvents).toEqual([]);
  });

  it.each([
    ['is not QMP', { garbageQmp: true }, 'qmp_failed'],
    ['does not look as documented', { answers: { 'query-machines': { name: 3 } } }, 'qmp_failed'],
    [
      'names without end',
      { answers: { 'qom-list-types': Array(6_000).fill({ name: 'x' }).map(numbered) } },
      'qemu_failed',
    ],
    ['hides control characters', { answers: { 'query-machines': [{ name: '\u001b[2J' }] } }, null],
    ['is a version of nothing', { answers: { 'query-version': null } }, 'qmp_failed'],
    ['leaves no network', { lacks: ['socket', 'stream', 'hubport', 'tap', 'user'] }, null],
  ] as [string, FakeQemuBehaviour, string | null][])(
    'refuses an answer that %s',
    async (_what, behaviour, code) => {
      await expect(probe(behaviour)).rejects.toMatchObject({ code: code ?? 'qemu_failed' });
    },
  );

  it.each([
    [{ dieAt: 'query-machines', stderr: 'Assertion failed\n', exitCode: 3 }, 3, null],
    [{ dieAt: 'mid-greeting', stderr: 'Assertion failed\n', signal: 'SIGABRT' }, null, 'SIGABRT'],
    [{ dieAt: 'start', stderr: 'Assertion failed\n' }, 1, null],
  ] as const)('tells how QEMU died: %j', async (behaviour, code, signal) => {
    await expect(probe(behaviour)).rejects.toMatchObject({
      code: 'qemu_failed',
      message: expect.stringMatching(/ended (by SIGABRT|with exit code \d).* Assertion failed$/),
      details: { code, signal, log: ['Assertion failed'] },
    });
  });

  it.each(['start', 'help', 'greeting', 'capabilities', 'query-machines'] as const)(
    'gives up on a QEMU that hangs at %s',
    async (hangAt) => {
      await expect(
        probe({ hangAt, ignoreSigterm: true }, { deadlineMs: 700 }),
      ).rejects.toMatchObject({ code: 'qemu_timeout', details: { deadlineMs: 700 } });
    },
  );

  it('can be called off, before and while QEMU is asked', async () => {
    const cancelled = { code: 'cancelled' };
    await expect(probe({}, { signal: AbortSignal.abort() })).rejects.toMatchObject(cancelled);
    const later = new AbortController();
    const asked = probe({ hangAt: 'query-machines' }, { signal: later.signal });
    later.abort();
    await expect(asked).rejects.toMatchObject(cancelled);
  });

  it('says so when there is no such program, or none at all', async () => {
    const { signal } = new AbortController();
    await expect(probeCapabilities('/nowhere/qemu', signal)).rejects.toMatchObject({
      code: 'qemu_missing',
    });
    await expect(probeCapabilities(folder, signal)).rejects.toMatchObject({
      code: 'permission_denied',
    });
    await expect(probeCapabilities('/bin/true', signal)).rejects.toMatchObject({
      code: 'qemu_failed',
      details: { code: 0 },
    });
  });
});

function numbered(_value: unknown, index: number): { name: string } {
  return { name: `type-${index}` };
}
