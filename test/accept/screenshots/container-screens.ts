/** The screens of containers: images and how they come, a machine that runs one, and what is left of one that ran. */
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { importIdSchema, type ImportProgress } from '../../../src/shared/index.ts';
import type { AppOptions, NanduApp } from '../../support/app.ts';
import { temporaryDirectory } from '../../support/folders.ts';
import { canServeImages, pushImage, serveRegistry } from '../../support/registry.ts';
import { smallImage, type SmallImageConfig } from '../../support/small-image.ts';
import { ContainerTroubles } from './container-troubles.ts';

/** How pictures are taken. */
export interface Camera {
  shoot(app: NanduApp, name: string): Promise<void>;
  withApp(options: AppOptions, work: (app: NanduApp) => Promise<void>): Promise<void>;
  resize(app: NanduApp, width: number, height: number): Promise<void>;
}

const server: SmallImageConfig = {
  Entrypoint: ['/bin/serve.sh'],
  Cmd: ['--port', '8080'],
  Env: ['PATH=/bin', 'LANG=C.UTF-8'],
};
const files = {
  'bin/serve.sh': `#!/bin/sh
echo "listening on 0.0.0.0:8080 with $WORKERS workers"
echo 'GET /            200   3 ms'
echo 'GET /health      200   1 ms'
while read -r line; do echo "$line"; done
`,
};
const longName = 'a-rather-long-name-of-an-image-that-somebody-built-for-their-own-department';

export async function containerScreens(camera: Camera): Promise<void> {
  const folder = temporaryDirectory();
  try {
    await camera.withApp({}, (app) => new ContainerScreens(camera, app, folder).all());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class ContainerScreens {
  readonly #camera: Camera;
  readonly #app: NanduApp;
  readonly #folder: string;

  constructor(camera: Camera, app: NanduApp, folder: string) {
    this.#camera = camera;
    this.#app = app;
    this.#folder = folder;
  }

  async all(): Promise<void> {
    await this.#newMachine();
    await this.#running();
    await this.#library();
    await this.#once();
    await new ContainerTroubles(this.#camera, this.#app, this.#folder).all();
  }

  #shoot(name: string): Promise<void> {
    return this.#camera.shoot(this.#app, name);
  }

  async #openImages(): Promise<void> {
    await this.#app.page
      .getByRole('navigation', { name: 'Library' })
      .getByRole('button', { name: /^Images/ })
      .click();
  }

  async #newMachine(): Promise<void> {
    const app = this.#app;
    await this.#openImages();
    await this.#shoot('30-images-none');
    await app.button('Pull image…').first().click();
    await this.#shoot('30a-pull');
    await app.button('Close').last().click();
    const dialog = await app.openNewMachine();
    const field = (label: string): Locator => dialog.getByLabel(label, { exact: true });
    const press = (name: string): Promise<void> =>
      dialog.getByRole('button', { name, exact: true }).click();
    await field('Container image').fill('nginx:1.29');
    await this.#shoot('31-new-machine-image');
    // Random and large, so that it takes a while to be packed.
    const noise = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [
        `srv/${name}`,
        randomBytes(96 * 1024 * 1024).toString('base64'),
      ]),
    );
    const source = smallImage(this.#folder, 'web', server, {
      files: { ...files, ...noise },
    });
    await field('Container image').fill(source);
    for (const [at, name, value] of [
      [1, 'WORKERS', '4'],
      [2, 'API_TOKEN', 'kept by the desktop'],
    ] as const) {
      await press('Add variable');
      await field(`Variable ${at}`).fill(name);
      await field(`Value of variable ${at}`).fill(value);
    }
    await press('Make variable 2 secret');
    await press('Add port');
    await field('Host port 1').fill('8080');
    await field('Guest port 1').fill('8080');
    await field('Variable 1').scrollIntoViewIfNeeded();
    await this.#shoot('32-new-machine-filled');
    await dialog.getByText('Machine', { exact: true }).click();
    await field('Accelerator').scrollIntoViewIfNeeded();
    await this.#shoot('32a-new-machine-preset');
    await press('Run');
    await dialog.getByRole('button', { name: 'Continue in background' }).waitFor();
    await this.#shoot('33-new-machine-importing');
    await dialog.waitFor({ state: 'hidden', timeout: 120_000 });
  }

  async #running(): Promise<void> {
    const app = this.#app;
    await app.waitForConsole('listening');
    await this.#shoot('34-console');
    for (const words of ['ls -l / ; id\n', 'ps\n']) {
      await app.button(words === 'ps\n' ? 'New shell' : 'Open a shell').click();
      await app.waitForConsole('#', 20_000);
      await app.page.keyboard.type(words);
      await app.page.waitForTimeout(1_000);
    }
    await app.button('Run a program…').click();
    const dialog = app.page.getByRole('dialog', { name: 'Run a program' });
    await dialog.getByLabel('Command line').fill(`sh -c 'ls /srv`);
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await this.#shoot('35-run-program');
    await dialog.getByLabel('Command line').fill(`sh -c 'ls -l /srv /nowhere'`);
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await app.page.getByText(/Ended with exit code/).waitFor({ timeout: 20_000 });
    await this.#shoot('35a-program-ended');
    await app.page
      .getByRole('group', { name: 'Terminals' })
      .getByRole('button', { name: 'Shell 1', exact: true })
      .click();
    await this.#shoot('36-two-shells');
    await app.openTab('Overview');
    await this.#shoot('37-overview');
    await app.button('Add port').click();
    await app.page.getByLabel('Address', { exact: true }).selectOption({ label: 'Everyone' });
    await this.#shoot('37a-add-port');
    await this.#camera.resize(app, 900, 560);
    await app.page.getByLabel('Address', { exact: true }).scrollIntoViewIfNeeded();
    await this.#shoot('37b-overview-small');
    await this.#camera.resize(app, 1280, 800);
    await app.button('Do not add').click();
    await app.openTab('Settings');
    await app.page.getByLabel('Value of secret 1', { exact: true }).waitFor();
    await this.#shoot('38-settings');
    await app.page.getByLabel('Run once', { exact: true }).scrollIntoViewIfNeeded();
    await this.#shoot('38b-settings-container');
    await app.button('Delete').click();
    await this.#shoot('38a-delete');
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  }

  async #library(): Promise<void> {
    const app = this.#app;
    const plain = { Cmd: ['sh'], Env: ['PATH=/bin'] };
    for (const name of ['postgres-17', longName, 'build-tools']) {
      await this.#import(smallImage(this.#folder, name, { ...plain, User: name.slice(0, 8) }));
    }
    if (canServeImages) {
      const registry = await serveRegistry(this.#folder);
      const name = `${registry.name}/company/platform/services/authentication-gateway:2026.11-rc3`;
      try {
        const layout = smallImage(this.#folder, 'gateway', { ...plain, WorkingDir: '/tmp' });
        pushImage(layout.replace(/^oci:/, ''), name);
        await this.#import(name, true);
      } finally {
        await registry.stop();
      }
    }
    await this.#openImages();
    await this.#shoot('39-images');
    await this.#import('127.0.0.1:1/owner/name:3').catch(() => undefined);
    await this.#fetching();
    await this.#shoot('39a-images-coming');
    await this.#camera.resize(app, 900, 560);
    await this.#shoot('39b-images-small');
    await this.#camera.resize(app, 1280, 800);
  }

  async #import(image: string, plainHttp = false): Promise<void> {
    const importId = importIdSchema.parse(randomUUID());
    await this.#app.invoke('image:import', { importId, image, login: null, plainHttp });
  }

  /** An import from a registry, as main tells of it: there is no network here that is slow enough. */
  async #fetching(): Promise<void> {
    const layer = (bytes: number, totalBytes: number): ImportProgress['layers'][number] => ({
      digest: `sha256:${randomUUID().replaceAll('-', '').repeat(2)}`,
      ...{ bytes, totalBytes },
    });
    const mebibyte = 1024 * 1024;
    const progress: ImportProgress = {
      importId: importIdSchema.parse(randomUUID()),
      ...{ image: 'ghcr.io/owner/workbench:latest', startedAtMs: Date.now(), step: 'fetching' },
      layers: [
        layer(29 * mebibyte, 29 * mebibyte),
        layer(61 * mebibyte, 140 * mebibyte),
        layer(3 * mebibyte, 12 * mebibyte),
        layer(0, mebibyte),
      ],
      ...{ builtBytes: 0, error: null },
    };
    await this.#app.electron.evaluate(({ BrowserWindow }, told) => {
      BrowserWindow.getAllWindows()[0]?.webContents.send('image:progressed', told);
    }, progress);
  }

  async #once(): Promise<void> {
    const app = this.#app;
    const source = smallImage(this.#folder, 'report', { Cmd: ['sh'], Env: ['PATH=/bin'] });
    const run = async (script: string): Promise<void> => {
      const dialog = await app.openNewMachine();
      await app.fill(dialog, { 'Container image': source, Command: `sh -c '${script}'` });
      await dialog
        .getByRole('radiogroup', { name: 'Run once' })
        .getByText('On', { exact: true })
        .click();
      await dialog.getByRole('button', { name: 'Run', exact: true }).click();
      await dialog.waitFor({ state: 'hidden', timeout: 60_000 });
    };
    const steps = 'for n in $(seq 40); do echo "step $n of 40: done in $((n * 3)) ms"; done';
    await run(`${steps}; echo "error: the disk is full"; exit 3`);
    const words = app.page.getByRole('dialog', { name: /ended$/ });
    await words.waitFor({ timeout: 60_000 });
    await this.#shoot('40-last-words');
    await app.page.keyboard.press('Escape');
    await run('echo go-on; read line; echo said');
    await app.waitForConsole('go-on');
    await app.type('\n');
    await app.page.getByRole('searchbox').focus();
    await app.button('Show output').waitFor({ timeout: 60_000 });
    await this.#shoot('41-last-words-notice');
    await app.button('Show output').click();
    await words.waitFor();
    await this.#shoot('42-last-words-short');
    await app.page.keyboard.press('Escape');
  }
}
