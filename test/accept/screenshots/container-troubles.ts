/** The screens of what a container's machine needs later on: memory, its image, room on the disk, an old disk's end. */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  defaultContainer,
  defaultSpec,
  importIdSchema,
  type Container,
  type ImageView,
  type MachineView,
} from '../../../src/shared/index.ts';
import type { NanduApp } from '../../support/app.ts';
import { smallImage } from '../../support/small-image.ts';
import type { Camera } from './container-screens.ts';

const exhausting =
  'echo working; echo 1 >/proc/sys/vm/overcommit_memory; dd if=/dev/zero of=/dev/null bs=1G; exit 137';

export class ContainerTroubles {
  readonly #camera: Camera;
  readonly #app: NanduApp;
  readonly #folder: string;

  constructor(camera: Camera, app: NanduApp, folder: string) {
    this.#camera = camera;
    this.#app = app;
    this.#folder = folder;
  }

  async all(): Promise<void> {
    await this.#outOfMemory();
    await this.#leftDisk();
    await this.#held();
    await this.#imageGone();
    await this.#inBackground();
  }

  #shoot(name: string): Promise<void> {
    return this.#camera.shoot(this.#app, name);
  }

  async #image(name: string, text = name): Promise<ImageView> {
    const config = { Cmd: ['sh'], Env: ['PATH=/bin'] };
    const image = smallImage(this.#folder, name, config, { files: { text } });
    const importId = importIdSchema.parse(randomUUID());
    return this.#app.invoke('image:import', { importId, image, login: null, plainHttp: false });
  }

  async #create(
    name: string,
    image: ImageView,
    container: Partial<Container>,
  ): Promise<MachineView> {
    const machine = await this.#app.invoke('machine:create', {
      ...{ ...defaultSpec, name, memoryMiB: 256, quietKernel: true },
      container: {
        ...{ ...defaultContainer, image: image.source, digest: image.digest },
        ...container,
      },
    });
    await this.#app.page
      .getByRole('list', { name: 'Machines' })
      .getByText(name, { exact: true })
      .click();
    await this.#app.openTab('Overview');
    return machine;
  }

  async #outOfMemory(): Promise<void> {
    const app = this.#app;
    const image = await this.#image('hungry');
    await this.#create('hungry', image, { command: ['sh', '-c', exhausting] });
    await app.openTab('Logs');
    await app.button('Start').first().click();
    await app.page
      .getByText(/ran out of memory/)
      .first()
      .waitFor({ timeout: 60_000 });
    await this.#shoot('43-out-of-memory-notice');
    await app.openTab('Overview');
    await this.#shoot('43a-out-of-memory');
  }

  async #leftDisk(): Promise<void> {
    const app = this.#app;
    const image = await this.#image('keeper');
    const command = ['sh', '-c', 'echo written >/root/file; exit 0'];
    const { id, spec } = await this.#create('keeper', image, { storage: 'disk', command });
    await app.button('Start').first().click();
    await app.page.getByText('Exit 0: it ended well').waitFor({ timeout: 60_000 });
    if (spec.container === null) throw new Error('no container');
    await app.invoke('machine:update', {
      id,
      spec: { ...spec, container: { ...spec.container, storage: 'memory' } },
    });
    await app.button('Delete the disk…').waitFor();
    await this.#shoot('44-left-disk');
    await app.button('Delete the disk…').click();
    await this.#shoot('44a-left-disk-delete');
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  }

  /** As main tells of it: no disk here is full. */
  async #held(): Promise<void> {
    const app = this.#app;
    const machine = await this.#create('held', await this.#image('held'), { command: ['sh'] });
    const tell = (change: Partial<MachineView>): Promise<void> =>
      app.electron.evaluate(
        ({ BrowserWindow }, view) => {
          BrowserWindow.getAllWindows()[0]?.webContents.send('machine:changed', view);
        },
        { ...machine, ...change },
      );
    await app.openTab('Console');
    await tell({ state: 'running' });
    await tell({ state: 'paused', activity: 'disk-error' });
    await this.#shoot('45-held-notice');
    await app.openTab('Overview');
    await this.#shoot('45a-held');
    await tell({});
  }

  async #imageGone(): Promise<void> {
    const app = this.#app;
    const [first, other] = [await this.#image('moving', 'first'), await this.#image('other')];
    const { id, spec } = await this.#create('mover', first, { command: ['sh', '-c', 'exit 0'] });
    const { container } = spec;
    if (container === null) throw new Error('no container');
    const take = (digest: ImageView['digest']): Promise<MachineView> =>
      app.invoke('machine:update', { id, spec: { ...spec, container: { ...container, digest } } });
    await take(other.digest);
    await app.invoke('image:remove', { digest: first.digest });
    await take(first.digest);
    await app.page.getByText('Its image is not on this computer').waitFor();
    await this.#shoot('46-image-gone');
    smallImage(this.#folder, 'moving', { Cmd: ['sh'] }, { files: { text: 'second' } });
    await app.button('Pull moving…').click();
    await app.page
      .getByRole('dialog', { name: 'Pull image' })
      .getByRole('button', { name: 'Pull', exact: true })
      .click();
    await app.page.getByText(/is another image by now/).waitFor({ timeout: 20_000 });
    await this.#shoot('46a-image-is-another');
    await this.#image('moving', 'third');
    await app.page
      .getByRole('navigation', { name: 'Library' })
      .getByRole('button', { name: /^Images/ })
      .click();
    await this.#shoot('46b-images-of-one-name');
  }

  /** The machine is made once its image is there, while something else is looked at. */
  async #inBackground(): Promise<void> {
    const app = this.#app;
    const noise = randomBytes(96 * 1024 * 1024).toString('base64');
    const config = { Cmd: ['sh'], Env: ['PATH=/bin'] };
    const source = smallImage(this.#folder, 'later', config, { files: { a: noise, b: noise } });
    const dialog = await app.openNewMachine();
    await app.fill(dialog, { 'Container image': source });
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await dialog.getByRole('button', { name: 'Continue in background' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await app.page.getByText('was started').waitFor({ timeout: 120_000 });
    await this.#shoot('47-made-in-background');
  }
}
