/**
 * The capability probe against the real QEMU of this host.
 */
import { access } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { findQemu } from '../../src/main/host/index.ts';
import { missingFeatures, probeCapabilities } from '../../src/main/qemu/index.ts';

it('finds out what the installed QEMU can do', async () => {
  const qemu = await findQemu(process.env);
  const found = await probeCapabilities(qemu.path, new AbortController().signal, {
    deadlineMs: 30_000,
  });
  const { major, minor, micro } = found.version;
  expect(`${major}.${minor}.${micro}`).toBe(qemu.version);
  expect(found.machineTypes).toEqual(expect.arrayContaining(['microvm', 'none']));
  expect(found.machineProperties).toEqual(
    expect.arrayContaining(['acpi', 'pic', 'pit', 'rtc', 'isa-serial', 'x-option-roms']),
  );
  expect(found.devices).toEqual(
    expect.arrayContaining(['virtio-blk-device', 'virtio-net-device', 'virtserialport']),
  );
  expect(found.objects).toEqual(
    expect.arrayContaining(['memory-backend-file', 'throttle-group', 'rng-random']),
  );
  // The schema's NetClientDriver has these two as well, which are no backends of -netdev.
  expect(found.netdevs).toContain('user');
  expect(found.netdevs).not.toContain('nic');
  expect(found.cpuModels).toEqual(expect.arrayContaining(['max', 'host', 'qemu64', 'EPYC']));
  expect(missingFeatures(found)).not.toContain('microvm');

  const { qboot, seabios } = found.firmware;
  expect(qboot).not.toBeNull();
  expect(seabios).not.toBe(qboot);
  for (const path of [qboot, seabios]) if (path !== null) await access(path);
});
