import { describe, expect, it, vi } from 'vitest';
import { EventHub } from './event-hub.ts';
import type { QmpEvent } from './messages.ts';

const event = (name: string): QmpEvent => ({ event: name, data: {}, timestampMs: null });
const turn = (): Promise<void> => Promise.resolve();

describe('EventHub', () => {
  it('keeps early events for everyone who subscribes in the same turn, in order', async () => {
    const hub = new EventHub(() => expect.fail('no defect'));
    hub.emit(event('A'));
    hub.emit(event('B'));
    const seen: string[] = [];
    hub.add(({ event: name }) => seen.push(`1${name}`));
    hub.add(({ event: name }) => seen.push(`2${name}`));
    expect(seen).toEqual([]);
    hub.emit(event('C'));
    await turn();
    expect(seen).toEqual(['1A', '2A', '1B', '2B', '1C', '2C']);
  });

  it('keeps them still when the first listener leaves before it got them', async () => {
    const hub = new EventHub(() => expect.fail('no defect'));
    hub.emit(event('A'));
    hub.add(() => expect.fail('left'))();
    await turn();
    const seen: string[] = [];
    hub.add(({ event: name }) => seen.push(name));
    await turn();
    expect(seen).toEqual(['A']);
  });

  it('keeps the latest 1,000 and says how many it dropped', async () => {
    const defects: unknown[] = [];
    const hub = new EventHub((error) => defects.push(error));
    for (let index = 0; index < 1005; index += 1) hub.emit(event(String(index)));
    const seen: string[] = [];
    hub.add(({ event: name }) => seen.push(name));
    await turn();
    expect([seen.length, seen[0], seen.at(-1), defects]).toEqual([
      1000,
      '5',
      '1004',
      [new Error('5 QMP events came before anyone listened.')],
    ]);
  });

  it('reports a listener that throws and goes on', () => {
    const defects: unknown[] = [];
    const hub = new EventHub((error) => defects.push(error));
    const seen: string[] = [];
    hub.add(() => {
      throw new Error('mine');
    });
    hub.add(({ event: name }) => seen.push(name));
    hub.emit(event('A'));
    hub.emit(event('B'));
    expect([seen, defects]).toEqual([
      ['A', 'B'],
      [new Error('mine'), new Error('mine')],
    ]);
  });

  it('survives a report that throws as well', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const hub = new EventHub(() => {
      throw new Error('broken report');
    });
    hub.add(() => {
      throw new Error('mine');
    });
    hub.emit(event('A'));
    expect(warn.mock.calls).toEqual([
      [
        new AggregateError(
          [new Error('mine'), new Error('broken report')],
          'A QMP listener and its report failed.',
        ),
      ],
    ]);
    warn.mockRestore();
  });

  it('does not call a listener that an earlier one has just ended', () => {
    const hub = new EventHub(() => expect.fail('no defect'));
    const seen: string[] = [];
    hub.add(({ event: name }) => {
      seen.push(name);
      dispose();
    });
    const dispose = hub.add(() => expect.fail('ended'));
    hub.emit(event('A'));
    dispose();
    hub.emit(event('B'));
    expect(seen).toEqual(['A', 'B']);
  });
});
