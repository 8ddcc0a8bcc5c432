/** Containers in tests: images of a busybox, machines that run them, and what their consoles say. */
import { randomUUID } from 'node:crypto';
import {
  defaultContainer,
  importIdSchema,
  type Container,
  type ImageView,
  type MachineSpec,
  type MachineView,
} from '../../src/shared/index.ts';
import { temporaryDirectory } from './folders.ts';
import { Services, type ServicesOptions } from './services.ts';
import { smallImage, type SmallImageConfig } from './small-image.ts';
import { TestView } from './test-view.ts';

/** A started container. */
export interface StartedContainer {
  readonly machine: MachineView;
  readonly view: TestView;
  /** Types into its console. */
  readonly type: (text: string) => void;
  readonly resize: (columns: number, rows: number) => void;
}

/** One "app" with images. */
export class ContainerScene {
  readonly #folder = temporaryDirectory();
  readonly #data: string;
  services!: Services;

  readonly #options: ServicesOptions;

  private constructor(data: string, options: ServicesOptions) {
    this.#data = data;
    this.#options = options;
  }

  static async open(options: ServicesOptions = {}): Promise<ContainerScene> {
    const scene = new ContainerScene(temporaryDirectory(), options);
    await scene.reopen();
    return scene;
  }

  /** The next "app" on the same data folder. */
  async reopen(): Promise<void> {
    this.services = await Services.open(this.#data, this.#options);
  }

  /** A busybox with that configuration; the name is the layout's. */
  async image(
    name: string,
    config: SmallImageConfig = { Cmd: ['sh'], Env: ['PATH=/bin'] },
    options?: Parameters<typeof smallImage>[3],
  ): Promise<ImageView> {
    return this.services.images.import({
      importId: importIdSchema.parse(randomUUID()),
      image: smallImage(this.#folder, name, config, options),
      ...{ login: null, plainHttp: false },
    });
  }

  /** A machine that runs the image. */
  async machine(
    { source, digest }: ImageView,
    container: Partial<Container> = {},
    change: Partial<MachineSpec> = {},
  ): Promise<MachineView> {
    return this.services.manager.create(
      this.services.spec({
        ...{ name: `container ${randomUUID().slice(0, 8)}`, quietKernel: true },
        ...change,
        container: { ...defaultContainer, image: source, digest, ...container },
      }),
    );
  }

  /** Starts a machine with a script as its command. */
  async start(
    image: ImageView,
    script: string,
    container: Partial<Container> = {},
    change: Partial<MachineSpec> = {},
  ): Promise<StartedContainer> {
    const command = ['sh', '-c', script];
    const machine = await this.machine(image, { command, ...container }, change);
    const view = new TestView();
    const console = this.services.manager.openConsole(machine.id, view.sink);
    await this.services.manager.start(machine.id);
    return {
      ...{ machine, view },
      type: (text) => console.input(text),
      resize: (columns, rows) => console.resize(columns, rows),
    };
  }

  /** Runs a script to its end. @returns what the console has of it, and the machine as it is then. */
  async run(
    ...wanted: Parameters<ContainerScene['start']>
  ): Promise<{ text: string; view: MachineView }> {
    const { machine, view } = await this.start(...wanted);
    const ended = await this.services.until(
      machine.id,
      ({ state }) => state === 'stopped' || state === 'crashed',
    );
    return { text: view.text.replaceAll('\r', ''), view: ended };
  }
}
