import { describe, expect, it } from 'vitest';
import { machineStateSchema } from '../../shared/index.ts';
import { assertMove, isActive } from './lifecycle.ts';

describe('the lifecycle table', () => {
  it('lets nobody skip a state or stay in it', () => {
    for (const state of machineStateSchema.options) {
      expect(() => assertMove(state, state)).toThrow(`cannot go from ${state}`);
    }
    expect(() => assertMove('stopped', 'stopping')).toThrow();
    expect(() => assertMove('stopping', 'running')).toThrow();
    expect(() => assertMove('crashed', 'stopped')).toThrow();
  });

  it('lets every active state end', () => {
    for (const state of machineStateSchema.options.filter(isActive)) {
      expect(() => assertMove(state, 'stopped')).not.toThrow();
      expect(() => assertMove(state, 'crashed')).not.toThrow();
    }
  });
});
