import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/index.ts';
import { climb, type Rung } from './stop-ladder.ts';

function process(): { exited: Promise<void>; exit: () => void } {
  let exit!: () => void;
  const exited = new Promise<void>((resolve) => (exit = resolve));
  return { exited, exit };
}

const rung = (name: string, act: Rung<string>['act'], deadlineMs = 5): Rung<string> => ({
  ...{ name, act, deadlineMs },
});

describe('climb', () => {
  it('stops at the rung that worked', async () => {
    const { exited, exit } = process();
    const tried: string[] = [];
    const worked = await climb(
      [
        rung('ask', () => undefined),
        rung('quit', exit, 60_000),
        rung('kill', () => expect.unreachable()),
      ],
      exited,
      (name) => tried.push(name),
    );
    expect({ worked, tried }).toEqual({ worked: 'quit', tried: ['ask', 'quit'] });
  });

  it('goes on at once when a rung fails, and at its deadline when it hangs', async () => {
    const { exited, exit } = process();
    const worked = await climb(
      [
        rung('fails', () => Promise.reject(new Error('monitor is gone')), 60_000),
        rung('hangs', () => new Promise(() => undefined)),
        rung('kill', exit),
      ],
      exited,
      () => undefined,
    );
    expect(worked).toBe('kill');
  });

  it('says so when nothing helps', async () => {
    const { exited } = process();
    await expect(climb([rung('kill', () => undefined)], exited, () => undefined)).rejects.toEqual(
      expect.objectContaining({ code: 'qemu_timeout' } satisfies Partial<AppError>),
    );
  });
});
