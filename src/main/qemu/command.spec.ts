import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { defaultSpec, runIdSchema, type MachineSpec } from '../../shared/index.ts';
import { resolvePaths, runFiles } from '../host/index.ts';
import { buildArgv, buildOptions, type LaunchPlan } from './argv.ts';
import { commandDifference, optionLines } from './command-difference.ts';
import { shellScript } from './shell-script.ts';

const runId = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const spec: MachineSpec = { ...defaultSpec, name: "it's $(touch /tmp/no) `odd`, very" };
const plan: LaunchPlan = {
  qemuPath: '/usr/bin/qemu-system-x86_64',
  uuid: '0b2ce65a-7b47-4d33-9d8c-3ad58ce6ac42',
  spec,
  accelerator: 'tcg',
  tscKHz: null,
  kernelPath: "/k/a 'quoted' vmlinux",
  initrdPath: '/k/initrd',
  firmware: null,
  sandbox: true,
  container: null,
  files: runFiles(resolvePaths({ NANDU_DATA_DIR: '/d' }, '/h'), runIdSchema.parse(runId)),
};

describe('the script', () => {
  const script = shellScript(plan);
  it('names no folder of the run and does not wait to be told to go on', () => {
    expect(script).not.toContain('/d/');
    expect(script).not.toMatch(/^ {2}-S/m);
    expect(execFileSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toBe('');
  });

  it('gives QEMU the very words that Nandu gives it, but for what it says', () => {
    // printf repeats its first word, here the format, for each of the others.
    const printing = script.replace('"$qemu" \\', '"$qemu" "%s\\0" \\');
    const said = execFileSync('sh', ['-c', printing], {
      env: { ...process.env, qemu: '/usr/bin/printf' },
      encoding: 'utf8',
    })
      .split('\0')
      .slice(0, -1)
      .map((word) => word.replaceAll(/\/tmp\/tmp\.\w+/g, 'RUN'));
    const expected = buildArgv(plan)
      .slice(1)
      .filter((word) => word !== '-S')
      .map((word) =>
        word.startsWith('socket,id=console')
          ? 'stdio,id=console,signal=off'
          : word.replaceAll(`/d/run/${runId}`, 'RUN').replaceAll(`/d/state/runs/${runId}`, 'RUN'),
      );
    expect(said).toEqual(expected);
  });
});

describe('the script of a machine whose network is fenced in', () => {
  it('gives the guest nothing beyond the forwarded ports, and says why', () => {
    const forward = {
      protocol: 'tcp',
      hostAddress: '127.0.0.1',
      hostPort: 8080,
      guestPort: 80,
    } as const;
    const fenced: MachineSpec = { ...spec, network: 'internet', portForwards: [forward] };
    const script = shellScript({ ...plan, spec: fenced });
    expect(script).toContain(
      '-netdev user,id=net0,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:8080-:80',
    );
    expect(script).toMatch(/^# .*Here is no$/m);
    expect(shellScript(plan)).not.toContain('fence');
  });
});

describe('the difference', () => {
  it('is by option and not by run', () => {
    const otherId = '7f9619ff-8b86-4d01-b42d-00cf4fc964ff';
    const files = runFiles(
      resolvePaths({ NANDU_DATA_DIR: '/d' }, '/h'),
      runIdSchema.parse(otherId),
    );
    const next = buildArgv({ ...plan, files, spec: { ...spec, memoryMiB: 512 } });
    const lines = commandDifference(
      { argv: buildArgv(plan), runId },
      { argv: next, runId: otherId },
    );
    expect(lines.filter(({ change }) => change !== 'same')).toEqual([
      { change: 'removed', text: '-m 256M' },
      { change: 'added', text: '-m 512M' },
    ]);
  });

  it('reads a command as lines of options', () => {
    const lines = optionLines(buildArgv(plan));
    expect(lines.length).toBe(buildOptions(plan).length + 1);
    expect(lines).toContain('-nodefaults');
    expect(lines.at(-1)).toBe('-S');
  });
});

/** docs/system/i386/microvm.rst, "Running a microvm-based VM", without the network and -enable-kvm's alias. */
const manual = {
  first:
    '-M microvm -enable-kvm -cpu host -m 512m -smp 2 -kernel vmlinux -append "earlyprintk=ttyS0 console=ttyS0 root=/dev/vda" -nodefaults -no-user-config -nographic -serial stdio -drive id=test,file=test.img,format=raw,if=none -device virtio-blk-device,drive=test',
  second:
    '-M microvm,x-option-roms=off,pit=off,pic=off,isa-serial=off,rtc=off -enable-kvm -cpu host -m 512m -smp 2 -kernel vmlinux -append "console=hvc0 root=/dev/vda" -nodefaults -no-user-config -nographic -chardev stdio,id=virtiocon0 -device virtio-serial-device -device virtconsole,chardev=virtiocon0 -drive id=test,file=test.img,format=raw,if=none -device virtio-blk-device,drive=test',
};

describe('QEMU’s microvm manual', () => {
  const common: MachineSpec = {
    ...defaultSpec,
    ...{
      name: 'manual',
      vcpus: 2,
      memoryMiB: 512,
      kernelDefaults: false,
      initrd: { kind: 'none' },
    },
    kernel: { kind: 'file', path: '/vmlinux' },
    disks: [
      {
        ...{ path: '/test.img', format: 'raw', readOnly: false, cache: 'writeback' },
        limits: { iops: 0, bytesPerSecond: 0 },
      },
    ],
    devices: { agent: false, rng: false, balloon: false, pvpanic: false, vsockCid: null },
  };
  const specs: Record<keyof typeof manual, MachineSpec> = {
    first: { ...common, commandLine: 'earlyprintk=ttyS0 console=ttyS0 root=/dev/vda' },
    second: {
      ...common,
      ...{ commandLine: 'console=hvc0 root=/dev/vda', console: 'virtio' },
      board: {
        ...{ ...defaultSpec.board, optionRoms: false, pit: 'off', pic: 'off' },
        ...{ isaSerial: false, rtc: 'off' },
      },
    },
  };

  /** What the guest gets: the board, CPU, memory, kernel and devices, however they are written. */
  function machineOf(words: string[]): Record<string, unknown> {
    const values = (name: string): string[] =>
      words.flatMap((word, index) => (word === name ? [words[index + 1] ?? ''] : []));
    const [board = ''] = [...values('-M'), ...values('-machine')];
    const drives = [
      ...values('-drive').map((drive) => ({
        file: /file=([^,]+)/.exec(drive)?.[1],
        format: /format=([^,]+)/.exec(drive)?.[1],
      })),
      ...values('-blockdev').map((text) => {
        const { file } = JSON.parse(text) as {
          file: { driver: string; file: { filename: string } };
        };
        return { file: file.file.filename.slice(1), format: file.driver };
      }),
    ];
    return {
      board: board
        .split(',')
        .filter((part) => part !== 'acpi=on') // what a bare microvm means
        .sort(),
      accelerator: words.includes('-enable-kvm') ? 'kvm' : values('-accel')[0],
      cpu: values('-cpu'),
      memory: values('-m').map((size) => size.toLowerCase()),
      vcpus: values('-smp'),
      kernel: values('-kernel').map((path) => path.replace('/', '')),
      append: values('-append'),
      bare: ['-nodefaults', '-no-user-config'].every((flag) => words.includes(flag)),
      serial: values('-serial').length,
      drives,
      devices: values('-device')
        // Nobody plugs a port in later: those that are not there need not be set up.
        .map((device) => device.replace(/,max_ports=1$/, ''))
        .map((device) => device.replace(/(chardev|drive)=\w+/, '$1=…'))
        .sort(),
    };
  }

  const split = (text: string): string[] =>
    (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));

  it.each(['first', 'second'] as const)('its %s command line is reproduced', (which) => {
    const ours = buildArgv({
      ...plan,
      ...{ spec: specs[which], accelerator: 'kvm', kernelPath: '/vmlinux', initrdPath: null },
    });
    expect(machineOf(ours)).toEqual(machineOf(split(manual[which])));
  });
});
