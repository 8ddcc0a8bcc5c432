/**
 * The app as an ordinary user runs it: with Chromium's sandbox on. The other tests may run as root,
 * where Chromium has none; this one then gives its privileges up first.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolvePaths } from '../../src/main/host/index.ts';
import { NanduApp } from '../support/app.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { projectRoot, readRuntime } from '../support/runtime.ts';

/** "nobody" of every Linux. */
const ordinaryUser = 65534;
const isRoot = process.getuid?.() === 0;

let stage: string;
let options: Parameters<typeof NanduApp.start>[0];
let app: NanduApp;

beforeAll(async () => {
  stage = temporaryDirectory();
  options = isRoot ? stageForOrdinaryUser(stage) : {};
  app = await NanduApp.start(options);
});
afterAll(async () => {
  await app.close();
  rmSync(stage, { recursive: true, force: true });
});

it('boots a machine from a sandboxed window', async () => {
  await app.createMachine({ Name: 'ordinary' });
  await app.openTab('Console');
  await app.button('Start').first().click();
  await app.waitForConsole('/ # ');
  const renderer = await app.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
  );
  const status = readFileSync(`/proc/${renderer}/status`, 'utf8');
  expect(/^Seccomp:\s+(\d)/m.exec(status)?.[1]).toBe('2'); // a filter, not "none"
  expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0');
  expect(readFileSync(`/proc/${renderer}/cmdline`, 'utf8')).not.toContain('--no-sandbox');
  await app.button('Stop').click();
  await app.waitForState('Stopped');
  expect(app.pageErrors).toEqual([]);
});

// Only root lays out an installation of its own here, of which a part may be removed.
it.skipIf(!isRoot)('says so when a part of its installation is missing', async () => {
  await app.close();
  const assets = join(stage, 'app', 'out', 'renderer', 'assets');
  const [later = ''] = readdirSync(assets).filter((name) => /^later-.*\.js$/.test(name));
  rmSync(join(assets, later));
  app = await NanduApp.start(options);
  await app.page.getByRole('alert').getByText('A part of Nandu is missing').waitFor();
});

/** Lays out all that the app needs where another user may read it, and a launcher that becomes it. */
function stageForOrdinaryUser(folder: string): Parameters<typeof NanduApp.start>[0] {
  const runtime = readRuntime();
  chmodSync(folder, 0o755);
  const link = (from: string, to: string): void => {
    execFileSync('sh', ['-c', 'cp -al "$1" "$2" 2>/dev/null || cp -a "$1" "$2"', 'sh', from, to]);
  };
  const electron = join(folder, 'electron');
  link(dirname(runtime.electron), electron);
  const project = join(folder, 'app');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  for (const name of ['package.json', 'out', 'resources', 'node_modules/better-sqlite3']) {
    cpSync(join(projectRoot, name), join(project, name), { recursive: true });
  }
  const inside = join(electron, 'resources', 'app');
  if (existsSync(inside)) {
    rmSync(inside);
    symlinkSync(project, inside);
  }
  const cache = join(folder, 'cache');
  mkdirSync(join(cache, 'guest'), { recursive: true });
  const { guest } = resolvePaths(process.env);
  for (const name of readdirSync(guest)) link(join(guest, name), join(cache, 'guest', name));
  const binding = join(folder, 'better_sqlite3.node');
  if (runtime.sqliteBinding !== null) cpSync(runtime.sqliteBinding, binding);
  const data = join(folder, 'data');
  const home = join(folder, 'home');
  for (const path of [data, home]) mkdirSync(path);
  execFileSync('chmod', ['-R', 'a+rX', project, cache]);
  execFileSync('chown', ['-R', `${ordinaryUser}:${ordinaryUser}`, data, home]);
  const launcher = join(folder, 'launch');
  const become = `setpriv --reuid ${ordinaryUser} --regid ${ordinaryUser} --clear-groups`;
  // Playwright adds --no-sandbox wherever it runs as root itself.
  const lines = [
    '#!/bin/sh',
    'for word; do shift; [ "$word" = --no-sandbox ] || set -- "$@" "$word"; done',
    `exec ${become} "${electron}/electron" "$@"`,
  ];
  writeFileSync(launcher, `${lines.join('\n')}\n`, { mode: 0o755 });
  return {
    dataDirectory: data,
    executable: { path: launcher, appArgument: runtime.appArgument === '' ? '' : project },
    env: {
      HOME: home,
      NANDU_CACHE_DIR: cache,
      XDG_RUNTIME_DIR: home,
      ...(runtime.sqliteBinding === null ? {} : { NANDU_SQLITE_BINDING: binding }),
    },
  };
}
