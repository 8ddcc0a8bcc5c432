/** Electron's security checklist, asked of the running app. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AxeBuilder } from '@axe-core/playwright';
import { NanduApp } from '../support/app.ts';
import { readRuntime } from '../support/runtime.ts';

let app: NanduApp;
beforeAll(async () => {
  app = await NanduApp.start();
});
afterAll(() => app.close());

describe('the page', () => {
  it('has neither Node nor Electron, and a narrow bridge', async () => {
    const found = await app.page.evaluate(() => ({
      node: ['require', 'process', 'Buffer', 'module', 'global'].filter((name) => name in window),
      bridge: Object.keys(window.nandu).toSorted(),
      origin: location.origin,
    }));
    expect(found).toEqual({
      node: [],
      bridge: ['invoke', 'on', 'openConsole'],
      origin: 'app://nandu',
    });
    const preferences = await app.electron.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      const { sandbox, contextIsolation, nodeIntegration, webSecurity } =
        contents.getLastWebPreferences();
      return { sandbox, contextIsolation, nodeIntegration, webSecurity };
    });
    expect(preferences).toEqual({
      ...{ sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true },
    });
  });

  it('is confined by its policy: no inline script, no eval, no stranger', async () => {
    const results = await app.page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.broken = true';
      document.head.append(script);
      const refused = async (work: () => unknown): Promise<boolean> => {
        try {
          await work();
          return false;
        } catch {
          return true;
        }
      };
      // Playwright's own evaluation may eval; a timer's text is compiled by the page.
      setTimeout('window.evaluated = true');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const evalRefused = !('evaluated' in window);
      return {
        inline: 'broken' in window,
        evalRefused,
        fetchRefused: await refused(() => fetch('http://127.0.0.1:9/')),
        traversal:
          (await fetch('app://nandu/..%2f..%2fpackage.json').catch(() => null))?.ok ?? false,
      };
    });
    expect(results).toEqual({
      ...{ inline: false, evalRefused: true, fetchRefused: true, traversal: false },
    });
  });

  it('gets errors as data for whatever it sends', async () => {
    const replies = await app.page.evaluate(async () => {
      const invoke = window.nandu.invoke as (name: string, input?: unknown) => Promise<unknown>;
      const outcomes: unknown[] = [];
      for (const [name, input] of [
        ['machine:start', { id: '../../etc/passwd' }],
        ['machine:start', { id: crypto.randomUUID() }],
        ['machine:create', { name: 'x', extra: { __proto__: null } }],
        ['run:list', { machineId: 7, limit: 1e9 }],
        ['settings:set', { theme: 'pink' }],
      ] as const) {
        outcomes.push(
          await invoke(name, input).then(
            (reply) => (reply as { error?: { code: string } }).error?.code,
          ),
        );
      }
      outcomes.push(
        await Promise.resolve()
          .then(() => invoke('shell:run', 'ls'))
          .then(
            () => 'accepted',
            () => 'refused',
          ),
      );
      return outcomes;
    });
    expect(replies).toEqual([
      ...['invalid_input', 'not_found', 'invalid_input', 'invalid_input', 'invalid_input'],
      'refused',
    ]);
  });

  it('passes axe in both themes, empty and with the dialog open', async () => {
    const violations = async (): Promise<string[]> => {
      await app.atRest(); // half-faded text would count as poor contrast
      const { violations: found } = await new AxeBuilder({ page: app.page })
        .setLegacyMode(true) // Electron opens no second page for the analysis
        .analyze();
      return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
    };
    for (const theme of ['light', 'dark'] as const) {
      await app.chooseTheme(theme);
      expect(await violations()).toEqual([]);
      const dialog = await app.openNewMachine();
      expect(await violations()).toEqual([]);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'hidden' });
    }
  });
});

describe('a second Nandu on the same data', () => {
  it('ends at once and leaves the first in front', async () => {
    const argv = await app.electron.evaluate(({ app: electron }) => [
      electron.getPath('exe'),
      ...process.argv.slice(1).filter((word) => !/^--(inspect|remote-debugging)/.test(word)),
    ]);
    const [program = '', ...words] = argv;
    const second = spawn(program, words, {
      stdio: 'ignore',
      env: {
        ...process.env,
        NANDU_DATA_DIR: app.dataDirectory,
        NANDU_SQLITE_BINDING: readRuntime().sqliteBinding ?? '',
      },
    });
    const code = await new Promise((resolve) => second.once('exit', resolve));
    expect(code).toBe(0);
    expect(app.electron.windows()).toHaveLength(1);
  });
});

// Last: Playwright waits for ever for the end of a navigation that was forbidden.
describe('navigation', () => {
  it('opens no window, goes nowhere, and is granted nothing', async () => {
    const before = app.page.url();
    const results = await app.page.evaluate(async () => {
      const opened = window.open('https://127.0.0.1:9/');
      location.href = 'https://127.0.0.1:9/';
      const camera = await navigator.permissions
        .query({ name: 'geolocation' })
        .then((status) => status.state);
      return { opened: opened !== null, camera };
    });
    expect(results).toEqual({ opened: false, camera: 'denied' });
    expect(app.page.url()).toBe(before);
    expect(app.electron.windows()).toHaveLength(1);
  });
});
