/**
 * Two ways measured in turns, and their ratio on a host whose speed changes under them.
 * What a shared computer does to a boot (up to 1.6 times as long, for seconds, seen by no counter) is more than what is looked for.
 */
import { figuresOf, type Figures } from './figures.ts';

/** The two samples in the order in which they were taken: first, second, first, second, and so on. */
export interface Turns {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/**
 * @param count of each that counts; one of each goes before, to fill the caches.
 * @param say is told of each pair.
 */
export async function inTurns(
  first: () => Promise<number>,
  second: () => Promise<number>,
  count: number,
  say: (pair: number, firstMs: number, secondMs: number) => void,
): Promise<Turns> {
  const turns = { first: [] as number[], second: [] as number[] };
  for (let pair = 0; pair <= count; pair++) {
    const pairMs = [await first(), await second()] as const;
    if (pair === 0) continue;
    turns.first.push(pairMs[0]);
    turns.second.push(pairMs[1]);
    say(pair, ...pairMs);
  }
  return turns;
}

/**
 * How many times as long the first takes as the second: the median over all measurements that follow each other. A change
 * of the host falls between few of them, and as often to the one's harm as to the other's. Simulated with boots that
 * were measured here, 72 turns give it within 2.6 % (19 times of 20), and the ratio of the means within 6 %.
 */
export function ratioOfTurns({ first, second }: Turns): Figures {
  const order = first.flatMap((ms, pair) => [ms, second[pair] ?? Number.NaN]);
  return figuresOf(
    order.slice(1).map((ms, at) => {
      const before = order[at] ?? Number.NaN;
      return at % 2 === 0 ? before / ms : ms / before;
    }),
  );
}
