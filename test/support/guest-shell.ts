/** A guest's shell on its console: types commands and reads what they print. */
import type { MachineId } from '../../src/shared/index.ts';
import type { Services } from './services.ts';
import { TestView } from './test-view.ts';

/** A started machine with its shell. */
export class GuestShell {
  readonly id: MachineId;
  readonly view = new TestView();
  readonly #input: (data: string) => void;
  #asked = 0;

  private constructor(services: Services, id: MachineId) {
    this.id = id;
    const console = services.manager.openConsole(id, this.view.sink);
    this.#input = (data) => console.input(data);
  }

  /** Starts the machine and waits for the prompt. */
  static async boot(services: Services, id: MachineId): Promise<GuestShell> {
    const shell = new GuestShell(services, id);
    await services.manager.start(id);
    await shell.view.shows('/ # ');
    return shell;
  }

  /** Types a command and waits for what it prints, between marks of its own. */
  readonly ask = async (command: string): Promise<string> => {
    this.#asked += 1;
    const mark = this.#asked;
    this.#input(`echo "<$((${mark}))"; ${command}; echo "$((${mark}))>"\r`);
    await this.view.shows(`\n${mark}>`);
    const text = this.view.text.replaceAll('\r', '');
    const begin = `\n<${mark}\n`;
    return text
      .slice(text.lastIndexOf(begin) + begin.length, text.lastIndexOf(`\n${mark}>`))
      .trim();
  };
}
