import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AppError, type ErrorCode } from '../../shared/index.ts';
import { JournalRepository } from './journal-repository.ts';
import { MachineRepository } from './machine-repository.ts';
import { aMachine, temporaryDatabase } from './temporary-database.ts';
import { WriteQueue } from './write-queue.ts';

/** A queue over a list that stands for the disk, with a timer that the test fires. */
class Rig {
  readonly written: string[] = [];
  readonly reports: string[] = [];
  readonly delaysMs: number[] = [];
  failure: ErrorCode | null = null;
  attempts = 0;
  #timer: (() => void) | null = null;
  readonly queue = new WriteQueue({
    onProblem: (label, error) =>
      this.reports.push(`${label}: ${error instanceof AppError ? error.code : String(error)}`),
    startTimer: (work, delayMs) => {
      expect(this.#timer).toBeNull();
      this.delaysMs.push(delayMs);
      this.#timer = work;
      return () => (this.#timer = null);
    },
  });

  get waits(): boolean {
    return this.#timer !== null;
  }

  write(label: string): void {
    this.queue.write(label, () => {
      this.attempts++;
      if (this.failure !== null) throw new AppError(this.failure, 'no');
      this.written.push(label);
    });
  }

  fire(): void {
    const timer = this.#timer;
    this.#timer = null;
    timer?.();
  }
}

describe('WriteQueue', () => {
  it('writes at once while it can', () => {
    const rig = new Rig();
    rig.write('a');
    rig.write('b');
    expect(rig).toMatchObject({ written: ['a', 'b'], reports: [], delaysMs: [], waits: false });
  });

  it.each(['disk_full', 'database_busy'] as const)('keeps the order over a spell of %s', (code) => {
    const rig = new Rig();
    rig.failure = code;
    for (const label of ['a', 'b', 'c']) rig.write(label);
    expect(rig).toMatchObject({ written: [], attempts: 1, reports: [`a: ${code}`] });
    rig.fire();
    expect([rig.attempts, rig.queue.length]).toEqual([2, 3]);
    rig.failure = null;
    rig.write('d'); // not before those that wait
    expect(rig.written).toEqual([]);
    rig.fire();
    expect(rig).toMatchObject({ written: ['a', 'b', 'c', 'd'], waits: false });
    expect(rig.reports).toEqual([`a: ${code}`]);
    rig.failure = code;
    rig.write('e');
    expect(rig.reports).toEqual([`a: ${code}`, `e: ${code}`]); // another spell
  });

  it('waits longer and longer, up to 5 s, and starts over after a success', () => {
    const rig = new Rig();
    rig.failure = 'disk_full';
    rig.write('a');
    for (let count = 0; count < 6; count++) rig.fire();
    expect(rig.delaysMs).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    rig.failure = null;
    rig.fire();
    rig.failure = 'disk_full';
    rig.write('b');
    expect(rig.delaysMs.at(-1)).toBe(250);
  });

  it('reports and drops what fails in another way, also in the middle', () => {
    const rig = new Rig();
    rig.failure = 'disk_full';
    rig.write('a');
    rig.queue.write('bad', () => {
      throw new TypeError('defect');
    });
    rig.queue.write('gone', () => {
      throw new AppError('not_found', 'gone');
    });
    rig.write('b');
    rig.failure = null;
    rig.fire();
    expect(rig.written).toEqual(['a', 'b']);
    expect(rig.reports).toEqual(['a: disk_full', 'bad: TypeError: defect', 'gone: not_found']);
  });

  it('gives up the oldest when too many wait, and says so once', () => {
    const rig = new Rig();
    rig.failure = 'disk_full';
    for (let count = 0; count < 10_003; count++) rig.write(String(count));
    expect([rig.queue.length, rig.attempts]).toEqual([10_000, 1]);
    expect(rig.reports).toEqual(['0: disk_full', '0: internal']);
    rig.failure = null;
    rig.fire();
    expect([rig.written.length, rig.written[0], rig.written.at(-1)]).toEqual([
      10_000,
      '3',
      '10002',
    ]);
  });

  it('tries all when it is flushed, and tells whether all is written', () => {
    const rig = new Rig();
    expect(rig.queue.flush()).toBe(true);
    rig.failure = 'database_busy';
    rig.write('a');
    rig.write('b');
    expect([rig.queue.flush(), rig.waits, rig.queue.length]).toEqual([false, true, 2]);
    rig.failure = null;
    expect([rig.queue.flush(), rig.waits, rig.written]).toEqual([true, false, ['a', 'b']]);
  });

  it('puts what a write asks for behind it, and behind what waits', () => {
    const rig = new Rig();
    rig.queue.write('outer', () => {
      if (rig.failure === null) rig.write('inner');
      expect(rig.queue.flush()).toBe(false);
      expect(rig.written).not.toContain('inner');
      rig.written.push('outer');
    });
    expect(rig.written).toEqual(['outer', 'inner']);
  });

  it('ends its attempts when it is disposed of, and reports what is lost', () => {
    const rig = new Rig();
    rig.failure = 'disk_full';
    rig.write('a');
    rig.write('b');
    rig.queue.dispose();
    rig.queue.dispose();
    expect(rig).toMatchObject({ waits: false, reports: ['a: disk_full', 'a: internal'] });
    rig.write('c'); // tried, not kept
    expect(rig).toMatchObject({ waits: false, queue: { length: 0 }, written: [] });
    rig.failure = null;
    rig.write('d');
    expect(rig.written).toEqual(['d']);
  });

  it('goes on when its listener throws', () => {
    const rig = new Rig();
    let timer: (() => void) | null = null;
    const queue = new WriteQueue({
      onProblem: () => {
        throw new Error('listener');
      },
      startTimer: (work) => {
        timer = work;
        return () => (timer = null);
      },
    });
    rig.failure = 'disk_full';
    const work = (): void => {
      if (rig.failure !== null) throw new AppError(rig.failure, 'no');
      rig.written.push('a');
    };
    expect(() => queue.write('a', work)).toThrow('listener');
    rig.failure = null;
    (timer as (() => void) | null)?.();
    expect(rig.written).toEqual(['a']);
  });

  it('stores in the end what a held database and a full one refused', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { database } = temporaryDatabase();
    const machine = new MachineRepository(database).create(aMachine('one')).id;
    const journal = new JournalRepository(database);
    const problems: unknown[] = [];
    const queue = new WriteQueue({ onProblem: (...problem) => problems.push(problem) });
    onTestFinished(() => queue.dispose());
    const entry = { machineId: machine, runId: null, atMs: 1, kind: 'ready' as const };
    const add = (message: string): void =>
      queue.write(message, () => journal.add({ ...entry, message }));
    const messages = (): string[] => journal.list(machine, 10).map(({ message }) => message);

    database.connection.pragma('busy_timeout = 0');
    const other = new SqliteDatabase(database.path);
    onTestFinished(() => void other.close());
    other.exec('BEGIN EXCLUSIVE');
    add('a');
    add('b');
    vi.advanceTimersByTime(250);
    expect([messages(), queue.length]).toEqual([[], 2]);
    other.exec('COMMIT');
    vi.advanceTimersByTime(500);
    expect(messages()).toEqual(['b', 'a']);

    const pages = Number(database.connection.pragma('page_count', { simple: true }));
    database.connection.pragma(`max_page_count = ${pages}`);
    add('long '.repeat(10_000));
    add('c');
    expect(queue.length).toBe(2);
    database.connection.pragma(`max_page_count = ${pages + 100}`);
    vi.advanceTimersByTime(250);
    expect([messages()[0], queue.length]).toEqual(['c', 0]);
    expect(problems).toMatchObject([
      ['a', { code: 'database_busy' }],
      [expect.stringContaining('long'), { code: 'disk_full' }],
    ]);
  });
});
