/** What a console's view shows is what the guest printed, also while Nandu is too busy to read. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runFiles } from '../../src/main/host/index.ts';
import type { ConsoleChoice } from '../../src/shared/index.ts';
import { Services, withDataDirectory } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';

const first = 10_001;

interface Flood {
  /** The lines' numbers as the view has them, and all else that looks like one. */
  readonly seen: number[];
  readonly damaged: string[];
  readonly view: string;
  readonly log: string;
}

/** A guest prints numbered lines while this process stands still for most of the time. */
async function flooded(services: Services, console: ConsoleChoice, lines: number): Promise<Flood> {
  const { manager } = services;
  const { id } = await manager.create(services.spec({ console, quietKernel: true }));
  await manager.start(id);
  await services.untilReady(id);
  const view = new TestView();
  const handle = manager.openConsole(id, {
    post: (message) => {
      view.sink.post(message);
      if ('data' in message) queueMicrotask(() => handle.acknowledge(message.data.byteLength));
    },
  });
  await view.shows('/ # ');
  handle.input(
    `i=${first - 1}; while [ $i -lt ${first + lines - 1} ]; do i=$((i+1)); echo "line $i of the flood"; done >/flood; echo "flood-"made\r`,
  );
  // What is typed before the prompt is echoed twice: by the terminal, and by the shell that then reads it.
  await view.shows('flood-made\r\n/ # ');
  handle.input('cat /flood; echo "flood-"over\r');
  await view.shows(`line ${first} `);
  const busy = new AbortController();
  const standStill = (async (): Promise<void> => {
    while (!busy.signal.aborted) {
      const until = performance.now() + 40;
      while (performance.now() < until);
      await delay(10);
    }
  })();
  await view.shows('flood-over').finally(() => busy.abort());
  await standStill;
  const log = readFileSync(
    runFiles(services.paths, manager.get(id).run?.id ?? expect.unreachable()).consoleLog,
    'latin1',
  );
  await manager.forceStop(id);
  const words = view.text
    .slice(view.text.indexOf('cat /flood'), view.text.lastIndexOf('flood-over'))
    .split(/\r?\n/)
    .slice(1, -1);
  const numberIn = (line: string): number => Number(/^line (\d{5}) of the flood$/.exec(line)?.[1]);
  return {
    seen: words.map(numberIn).filter((number) => !Number.isNaN(number)),
    damaged: words.filter((line) => Number.isNaN(numberIn(line))),
    view: view.text,
    log,
  };
}

const numbers = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

const withServices = (work: (services: Services) => Promise<void>): Promise<void> =>
  withDataDirectory(async (data) => {
    const services = await Services.open(data);
    try {
      await work(services);
    } finally {
      await services.close();
    }
  });

it('shows all of a flooded virtio console, though its socket is read late', async () => {
  await withServices(async (services) => {
    // Less than the last MiB, which a view that fell behind is shown.
    const { seen, damaged, log, view } = await flooded(services, 'virtio', 30_000);
    expect(damaged).toEqual([]);
    expect(seen).toEqual(numbers(30_000));
    expect(log).toContain(view);
  });
});

it('shows each byte of a flooded serial line once, though it is read late', async () => {
  await withServices(async (services) => {
    const { seen, damaged } = await flooded(services, 'serial', 3_000);
    expect(damaged).toEqual([]);
    expect(seen).toEqual(numbers(3_000));
  });
});
