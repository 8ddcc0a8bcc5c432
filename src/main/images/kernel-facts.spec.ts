import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readKernelFacts } from './kernel-facts.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'nandu-facts-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The least that passes for a 64-bit x86 ELF executable, then `content`. */
function elf(name: string, content: Buffer): string {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(62, 18); // EM_X86_64
  header.writeUInt32LE(1, 20);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  const path = join(folder, name);
  writeFileSync(
    path,
    Buffer.concat([header, Buffer.from('Linux version 6.1.0-test (gcc)\n'), content]),
  );
  return path;
}

const padding = Buffer.alloc(4 * 1024 * 1024 - 70);
const embedded = (config: string): Buffer =>
  Buffer.concat([Buffer.from('IKCFG_ST'), gzipSync(config), Buffer.from('IKCFG_ED')]);

it.each([
  ['nothing known', Buffer.from('no trace'), 'unknown'],
  [
    'the parameter, across two pieces',
    Buffer.concat([padding, Buffer.from('virtio_mmio.device\0')]),
    'yes',
  ],
  ['a configuration with it', embedded('CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n'), 'yes'],
  [
    'a configuration without it',
    embedded('# CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES is not set\n'),
    'no',
  ],
  ['a damaged configuration', Buffer.from('IKCFG_STnot gzipIKCFG_ED'), 'unknown'],
  ['a configuration without an end', Buffer.from('IKCFG_ST'), 'unknown'],
] as const)('%s', async (name, content, expected) => {
  const facts = await readKernelFacts(elf(name.replaceAll(/\W/g, '-'), content), null);
  expect(facts).toEqual({ format: 'elf', pvh: false, commandLineDevices: expected });
});

it('finds the configuration that distributions put beside a kernel', async () => {
  writeFileSync(
    join(folder, 'config-6.9-beside'),
    '# CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES is not set\n',
  );
  const path = elf('vmlinuz-6.9-beside', Buffer.from('no trace'));
  expect((await readKernelFacts(path, null)).commandLineDevices).toBe('no');
});

it('believes the configuration beside the kernel first', async () => {
  const config = join(folder, 'config');
  writeFileSync(config, 'CONFIG_A=y\nCONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n');
  const path = elf('beside', Buffer.from('IKCFG_ST'));
  expect((await readKernelFacts(path, config)).commandLineDevices).toBe('yes');
  expect((await readKernelFacts(path, join(folder, 'absent'))).commandLineDevices).toBe('unknown');
});
