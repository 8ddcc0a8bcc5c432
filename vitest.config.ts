import { defineConfig } from 'vitest/config';

const exclude = ['node_modules/**', 'out/**'];

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
        // Real QEMU under emulation: two boots at once on two cores would only slow each other down.
        test: {
          name: 'integration',
          include: ['test/integration/**/*.spec.ts', 'test/qmp/**/*.spec.ts'],
          exclude,
          fileParallelism: false,
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
