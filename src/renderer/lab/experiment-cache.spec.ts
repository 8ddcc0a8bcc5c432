import { expect, it } from 'vitest';
import { experimentIdSchema, type ExperimentId } from '../../shared/index.ts';
import { ExperimentCache, measuredSoFar } from './experiment-cache.ts';
import { sampleExperiment, sampleVariant } from './sample-experiment.ts';

const idOf = (index: number): ExperimentId =>
  experimentIdSchema.parse(`3f2504e0-4f89-41d3-9a0c-0305e82c3${String(index).padStart(3, '0')}`);

it('asks for a finished experiment once, but again after a refusal and for those of long ago', async () => {
  const asked: ExperimentId[] = [];
  let refuses = true;
  const cache = new ExperimentCache((id) => {
    asked.push(id);
    if (refuses) return Promise.reject(new Error('busy'));
    return Promise.resolve(sampleExperiment([sampleVariant('one')], [[1]], { id }));
  });
  await expect(cache.get(idOf(0))).rejects.toThrow('busy');
  refuses = false;
  for (let index = 0; index < 3; index++) expect((await cache.get(idOf(0))).id).toBe(idOf(0));
  expect(asked).toEqual([idOf(0), idOf(0)]);
  for (let index = 1; index <= 20; index++) await cache.get(idOf(index));
  await cache.get(idOf(20));
  expect(asked).toHaveLength(22);
  await cache.get(idOf(0));
  cache.forget(idOf(20));
  await cache.get(idOf(20));
  expect(asked.slice(22)).toEqual([idOf(0), idOf(20)]);
});

it('takes the next variant’s turn for nothing new', () => {
  const running = { state: 'running', done: 3 } as const;
  expect(measuredSoFar({ ...running, done: 4 })).not.toBe(measuredSoFar(running));
  expect(measuredSoFar({ ...running, state: 'paused' })).not.toBe(measuredSoFar(running));
  const turns = ['one', 'two', null].map((booting) =>
    measuredSoFar({ ...running, ...{ booting } }),
  );
  expect(new Set(turns).size).toBe(1);
});
