import { defineConfig } from 'vitest/config';
import { testDisplays } from './test/support/test-displays.ts';

const exclude = ['node_modules/**', 'out/**'];

/** What holds clocks against each other, or bounds time or memory, has the computer to itself. */
const alone = ['boot-truth*', 'container-stall', 'faults', 'options', 'storm'].map(
  (name) => `test/{integration,qmp}/${name}.spec.ts`,
);
/** Speed is no matter of tests: a busy computer must not fail them. */
const patience = {
  ...{ testTimeout: 60_000, hookTimeout: 60_000 },
  expect: { poll: { timeout: 10_000 } },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          ...patience,
          include: ['src', 'test/setup', 'test/fakes', 'test/bench'].map(
            (at) => `${at}/**/*.spec.ts`,
          ),
          exclude,
        },
      },
      {
        // Real QEMU under emulation: a guest keeps one core busy, and waits as often as not.
        test: {
          name: 'integration',
          include: ['test/integration/**/*.spec.ts', 'test/qmp/**/*.spec.ts'],
          exclude: [...exclude, ...alone],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        test: {
          name: 'integration-alone',
          include: alone,
          exclude,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...patience,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts'],
          exclude,
          setupFiles: ['test/support/own-display.ts'],
          maxWorkers: Math.max(1, testDisplays().length),
          ...patience,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
