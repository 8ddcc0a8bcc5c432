/**
 * The yardstick: an ordinary machine (q35, SeaBIOS) as libvirt starts it, with the distribution's cloud kernel.
 * A libvirtd of the bench's own, without root, on sockets of its own; started here and ended by its pid.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { untilPrompt } from '../support/by-hand.ts';

const run = promisify(execFile);
const startDeadlineMs = 20_000;
/** libvirt refuses to run machines for root in a session: as root it is started as nobody. */
const nobody = 65_534;

/** What the machine boots; both are copied, for another user must read them. */
export interface YardstickFiles {
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly memoryMiB: number;
}

/** A libvirtd with one definition. */
export class Libvirt {
  readonly version: string;
  readonly #folder: string;
  readonly #daemon: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(
    folder: string,
    daemon: ChildProcess,
    environment: NodeJS.ProcessEnv,
    version: string,
  ) {
    this.#folder = folder;
    this.#daemon = daemon;
    this.#environment = environment;
    this.version = version;
    this.#ended = new Promise((resolve) => {
      if (daemon.exitCode !== null) resolve();
      else daemon.once('exit', () => resolve());
    });
  }

  /** @param folder empty, short (its sockets' paths are bounded) and the bench's own. */
  static async start(folder: string, files: YardstickFiles): Promise<Libvirt> {
    for (const name of ['run', 'home']) mkdirSync(join(folder, name), { mode: 0o700 });
    const kernel = join(folder, 'vmlinuz');
    const initrd = join(folder, 'initrd');
    copyFileSync(files.kernelPath, kernel);
    copyFileSync(files.initrdPath, initrd);
    writeFileSync(join(folder, 'machine.xml'), definition(folder, files.memoryMiB));
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await run('chown', ['-R', `${nobody}:${nobody}`, folder]);
    const environment = {
      ...{ PATH: process.env['PATH'], HOME: join(folder, 'home') },
      XDG_RUNTIME_DIR: join(folder, 'run'),
    };
    const options = {
      ...{ cwd: folder, env: environment },
      ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    };
    const daemon = spawn('/usr/sbin/libvirtd', [], { ...options, stdio: 'ignore' });
    const endAt = performance.now() + startDeadlineMs;
    for (;;) {
      const answer = await run('virsh', ['-q', '-c', 'qemu:///session', 'version'], options).catch(
        (error: unknown) => error,
      );
      if (!(answer instanceof Error)) {
        const version = /libvirt (\d[\d.]*)/.exec((answer as { stdout: string }).stdout)?.[1];
        return new Libvirt(folder, daemon, environment, version ?? 'unknown');
      }
      if (daemon.exitCode !== null || performance.now() > endAt) {
        daemon.kill('SIGKILL');
        throw new Error('libvirtd did not start.', { cause: answer });
      }
      await delay(100);
    }
  }

  /** @returns milliseconds from `virsh create` until the guest's prompt. */
  async boot(): Promise<number> {
    const startedAt = performance.now();
    let failed: (error: unknown) => void = () => undefined;
    const failure = new Promise<never>((_resolve, reject) => (failed = reject));
    void this.#virsh(['create', join(this.#folder, 'machine.xml')]).catch(failed);
    try {
      const never = new Promise<void>(() => undefined);
      const prompt = untilPrompt(join(this.#folder, 'console.sock'), never);
      return (await Promise.race([prompt, failure])) - startedAt;
    } finally {
      await this.#virsh(['destroy', 'yardstick']);
    }
  }

  async end(): Promise<void> {
    this.#daemon.kill('SIGTERM');
    await this.#ended;
  }

  async #virsh(argv: readonly string[]): Promise<void> {
    const isRoot = process.getuid?.() === 0;
    await run('virsh', ['-q', '-c', 'qemu:///session', ...argv], {
      ...{ cwd: this.#folder, env: this.#environment },
      ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    });
  }
}

/** What the manuals of libvirt and of cloud images come to; nothing of Nandu's own tuning. */
function definition(folder: string, memoryMiB: number): string {
  return `<domain type='qemu'>
  <name>yardstick</name>
  <memory unit='MiB'>${memoryMiB}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>${join(folder, 'vmlinuz')}</kernel>
    <initrd>${join(folder, 'initrd')}</initrd>
    <cmdline>console=ttyS0 quiet</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <cpu mode='maximum'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='unix'><source mode='bind' path='${join(folder, 'console.sock')}'/></serial>
  </devices>
</domain>
`;
}

/**
 * Fetches Debian's cloud kernel as its package has it. @returns the bzImage's path in `folder`.
 * @throws Error where apt knows none: the bench says so and leaves libvirt out.
 */
export async function fetchCloudKernel(folder: string): Promise<string> {
  const { stdout } = await run('apt-cache', ['depends', 'linux-image-cloud-amd64'], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error('apt knows no linux-image-cloud-amd64.');
  await run('apt-get', ['download', '--quiet', name], { cwd: folder, timeout: 600_000 });
  const archive = readdirSync(folder).find((file) => file.endsWith('.deb')) ?? '';
  await run('sh', [
    '-c',
    'dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" --wildcards "./boot/vmlinuz-*"',
    ...['unpack', join(folder, archive), folder],
  ]);
  const [kernel] = readdirSync(join(folder, 'boot'));
  if (kernel === undefined) throw new Error(`${name} holds no kernel.`);
  return join(folder, 'boot', kernel);
}
