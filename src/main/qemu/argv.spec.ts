import { describe, expect, it } from 'vitest';
import { defaultSpec, runIdSchema } from '../../shared/index.ts';
import { resolvePaths, runFiles } from '../host/index.ts';
import { buildArgv, type LaunchPlan } from './argv.ts';
import { hostNameOf, kernelCommandLine } from './kernel-command-line.ts';

const files = runFiles(
  resolvePaths({ NANDU_DATA_DIR: '/d' }, '/home/someone'),
  runIdSchema.parse('6f9619ff-8b86-4d01-b42d-00cf4fc964ff'),
);

const plan: LaunchPlan = {
  qemuPath: '/usr/bin/qemu-system-x86_64',
  uuid: '0b2ce65a-7b47-4d33-9d8c-3ad58ce6ac42',
  spec: { ...defaultSpec, name: 'web, first', vcpus: 2 },
  accelerator: 'tcg',
  tscKHz: 2_596_000,
  kernelPath: '/k/vmlinux',
  initrdPath: '/k/initrd',
  firmware: null,
  sandbox: true,
  container: null,
  files,
};

/** The value that follows an option. */
const valueOf = (argv: string[], option: string): string | undefined =>
  argv[argv.indexOf(option) + 1];

describe('buildArgv', () => {
  it('says acpi=, starts halted, and lets no value end at a comma', () => {
    const argv = buildArgv(plan);
    expect(argv[0]).toBe(plan.qemuPath);
    expect(valueOf(argv, '-machine')).toBe('microvm,acpi=on');
    expect(valueOf(argv, '-name')).toBe('guest=web,, first');
    expect(valueOf(argv, '-smp')).toBe('2');
    expect(valueOf(argv, '-m')).toBe('256M');
    expect(valueOf(argv, '-initrd')).toBe('/k/initrd');
    expect(argv.at(-1)).toBe('-S');
  });

  it('uses KVM with the host CPU, emulation with the fullest one', () => {
    expect(buildArgv({ ...plan, accelerator: 'kvm' })).toEqual(
      expect.arrayContaining(['-accel', 'kvm', '-cpu', 'host']),
    );
    expect(buildArgv(plan)).toEqual(
      expect.arrayContaining(['tcg,thread=multi', 'max,-erms,-smap,-mpx']),
    );
  });

  it('gives a machine a network device unless it is offline', () => {
    const argvOf = (network: (typeof plan)['spec']['network']): string[] =>
      buildArgv({ ...plan, spec: { ...plan.spec, network } });
    expect(argvOf('offline').join(' ')).not.toMatch(/netdev|virtio-net/);
    expect(argvOf('host-ports')).toEqual(
      expect.arrayContaining([
        'user,id=net0,restrict=on,ipv6=off',
        'virtio-net-device,netdev=net0',
      ]),
    );
  });

  it('leaves the initrd out where there is none', () => {
    expect(buildArgv({ ...plan, initrdPath: null })).not.toContain('-initrd');
  });

  it('doubles commas in the paths of sockets and logs', () => {
    const odd = { ...files, consoleSocket: '/a,b/c.sock', consoleLog: '/l,m' };
    expect(buildArgv({ ...plan, files: odd })).toContain(
      'socket,id=console,path=/a,,b/c.sock,server=on,wait=off,logfile=/l,,m,logappend=on',
    );
  });
});

describe('kernelCommandLine', () => {
  it('fixes the clock only under emulation and puts the person’s words last', () => {
    const emulated = kernelCommandLine({
      ...plan,
      spec: { ...plan.spec, commandLine: ' debug ' },
    });
    expect(emulated).toContain(' tsc_early_khz=2596000 tsc=reliable noreplace-smp ');
    // With lpj= as well the kernel would believe that and not compute it of the rate.
    expect(emulated).not.toContain('lpj=');
    expect(kernelCommandLine({ ...plan, tscKHz: null })).toContain(
      ' tsc_early_khz=2000000 lpj=4000000 noreplace-smp ',
    );
    expect(emulated.endsWith(' debug')).toBe(true);
    expect(kernelCommandLine({ ...plan, accelerator: 'kvm' })).not.toMatch(
      /tsc_early_khz|noreplace-smp/,
    );
    expect(kernelCommandLine({ ...plan, spec: { ...plan.spec, quietKernel: true } })).toContain(
      ' quiet ',
    );
  });
});

describe('hostNameOf', () => {
  it.each([
    ['web-sandbox', 'web-sandbox'],
    ['Größe & Maß', 'gro-e-ma'],
    ['  spaces  ', 'spaces'],
    ['日本', 'nandu'],
    ['a'.repeat(64), 'a'.repeat(63)],
  ])('%s', (name, expected) => {
    const host = hostNameOf(name);
    expect(host).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    if (expected !== 'gro-e-ma') expect(host).toBe(expected);
  });
});

describe('what measures a boot', () => {
  const detailed = { ...plan, spec: { ...plan.spec, bootDetail: true } };

  it('the kernel’s log has a port of its own, and the serial line none of it', () => {
    const argv = buildArgv(detailed);
    expect(argv.filter((word) => word.includes('bootlog'))).toEqual([
      expect.stringContaining('initcall_debug log_buf_len=1M printk.time=1 nandu.bootlog'),
      `socket,id=bootlog,path=${files.bootLogSocket},server=on,wait=off`,
      'virtserialport,chardev=bootlog,name=org.nandu.bootlog.0',
    ]);
    expect(buildArgv(plan).join(' ')).not.toMatch(/bootlog|initcall_debug/);
    const bare = { ...plan.spec, devices: { ...plan.spec.devices, agent: false } };
    const count = (spec: typeof bare): number =>
      buildArgv({ ...plan, spec }).filter((word) => word.startsWith('virtio-serial-device,'))
        .length;
    expect([count(bare), count({ ...bare, bootDetail: true })]).toEqual([0, 1]);
  });

  it('the init is told of the port to watch and for how long, and of no other sign', () => {
    const line = (ready: (typeof plan)['spec']['ready']): string =>
      kernelCommandLine({ ...plan, spec: { ...plan.spec, ready, readyDeadlineSeconds: 9 } });
    expect(line({ kind: 'port', port: 8080 })).toContain(' nandu.ready=port:8080,9');
    for (const ready of [
      { kind: 'automatic' },
      { kind: 'console', text: 'a b="c' },
      { kind: 'marker', name: 'up' },
    ] as const) {
      expect(line(ready)).not.toContain('nandu.ready');
    }
  });
});
