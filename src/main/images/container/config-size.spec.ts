import { expect, it } from 'vitest';
import type { ImageConfig } from '../../../shared/index.ts';
import { assertConfigSize } from './config-size.ts';

const plain: ImageConfig = {
  ...{ entrypoint: [], command: ['sh'], environment: ['A=b'], user: '', workingDirectory: '' },
  ...{ stopSignal: '', exposedPorts: [] },
};
/** Two bytes each in UTF-8. */
const letters = (bytes: number): string => 'ü'.repeat(bytes / 2);

it.each<[Partial<ImageConfig>, RegExp | null]>([
  [{}, null],
  [{ command: [letters(128 * 1024 - 2)] }, null],
  [{ command: [letters(128 * 1024)] }, /a word of its command is longer than the 128 KiB/],
  [{ entrypoint: [letters(128 * 1024)] }, /a word of its command/],
  [{ environment: [letters(128 * 1024)] }, /a variable of its environment/],
  [{ user: letters(128 * 1024) }, /its user/],
  [{ workingDirectory: letters(128 * 1024) }, /its working directory/],
  [{ environment: Array.from({ length: 11 }, () => letters(100_000)) }, /more than 1 MiB/],
])('refuses what Linux or the agent’s port would not take (%#)', (change, says) => {
  const assert = (): void => assertConfigSize({ ...plain, ...change });
  if (says === null) assert();
  else expect(assert).toThrowError(says);
});
