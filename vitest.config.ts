import { defineConfig } from 'vitest/config';

const exclude = ['node_modules/**', 'out/**'];
const measuring = 'test/integration/boot-truth*.spec.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Speed is no matter of tests: a busy computer must not fail them.
          testTimeout: 60_000,
          include: ['src/**/*.spec.ts', 'test/setup/**/*.spec.ts', 'test/fakes/**/*.spec.ts'],
          exclude,
        },
      },
      {
        // Real QEMU under emulation: a guest keeps one core busy, and waits as often as not.
        test: {
          name: 'integration',
          include: ['test/integration/**/*.spec.ts', 'test/qmp/**/*.spec.ts'],
          exclude: [...exclude, measuring],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // What holds clocks against each other has the computer to itself.
        test: {
          name: 'integration-alone',
          include: [measuring],
          exclude,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts'],
          exclude,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
