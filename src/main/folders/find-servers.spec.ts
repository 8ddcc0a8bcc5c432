import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/folders.ts';
import { findServers } from './find-servers.ts';

let folder: string;
beforeEach(() => (folder = temporaryDirectory()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(path: string, content: string, mode = 0o644): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  chmodSync(full, mode);
  return full;
}

it('looks along PATH first, then by the person’s descriptions, and names each program once', async () => {
  const onPath = file('bin/virtiofsd', '', 0o755);
  const described = file('lib/other-fs', '', 0o755);
  symlinkSync(described, join(folder, 'lib/link'));
  const descriptions: Record<string, string> = {
    '10-other.json': JSON.stringify({ type: 'fs', binary: join(folder, 'lib/link') }),
    '20-again.json': JSON.stringify({ type: 'fs', binary: described, tags: [1] }),
    '30-gpu.json': JSON.stringify({ type: 'gpu', binary: file('lib/gpu', '', 0o755) }),
    '40-relative.json': JSON.stringify({ type: 'fs', binary: 'virtiofsd' }),
    '50-broken.json': '{"type":"fs","binary":',
    '60-huge.json': `{"type":"fs","binary":"${described}","x":"${'x'.repeat(70_000)}"}`,
    '70-no-program.json': JSON.stringify({ type: 'fs', binary: file('lib/text', '') }),
    '80-folder.json': JSON.stringify({ type: 'fs', binary: folder }),
    '90-list.json': '[]',
  };
  for (const [name, text] of Object.entries(descriptions)) {
    file(`home/.config/qemu/vhost-user/${name}`, text);
  }
  const found = await findServers({ PATH: join(folder, 'bin') }, join(folder, 'home'));
  const ours = found.filter((path) => path.startsWith(folder));
  expect(ours).toEqual([onPath, described]);
  expect(found[0]).toBe(onPath);
});
