/** A console view that remembers what it was shown, for tests to wait on. */
import type { ViewHandle } from '../../src/main/console/index.ts';
import type { ToView } from '../../src/shared/index.ts';

/** A console view that can be waited for. */
export class TestView {
  text = '';
  replays = 0;
  #checks = new Set<() => void>();

  readonly sink = {
    post: (message: ToView): void => {
      if (message.type === 'replay') {
        this.text = '';
        this.replays += 1;
      }
      if ('data' in message) this.text += Buffer.from(message.data).toString('latin1');
      for (const check of this.#checks) check();
    },
  };

  shows(wanted: string, timeoutMs = 60_000): Promise<void> {
    return this.showsAfterReplay(wanted, 0, timeoutMs);
  }

  /** @param replays so many must have come before what is shown counts: a new run begins with one. */
  async showsAfterReplay(wanted: string, replays: number, timeoutMs = 60_000): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`“${wanted}” never came; last: ${this.text.slice(-400)}`)),
        timeoutMs,
      );
      const check = (): void => {
        if (replays > 0 && this.replays <= replays) return;
        if (!this.text.includes(wanted)) return;
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
      check();
    });
  }
}

/** A console view that keeps up with a flood: takes everything at once and remembers only its end. */
export class FlowView {
  /** All that was shown, replays included. */
  bytes = 0;
  tail = '';
  readonly close: () => void;
  readonly input: (data: string) => void;

  constructor(open: (sink: TestView['sink']) => ViewHandle) {
    let view: ViewHandle | null = null;
    let owedBytes = 0;
    view = open({
      post: (message) => {
        if (!('data' in message)) return;
        this.bytes += message.data.byteLength;
        this.tail = (this.tail + Buffer.from(message.data.slice(-1024)).toString('latin1')).slice(
          -1024,
        );
        if (view === null) owedBytes += message.data.byteLength;
        else view.acknowledge(message.data.byteLength);
      },
    });
    view.acknowledge(owedBytes);
    this.close = () => view.close();
    this.input = (data) => view.input(data);
  }
}
