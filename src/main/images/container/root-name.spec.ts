import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { rootDigestOf } from './root-name.ts';

const layer = (n: number): { diffId: string } => ({ diffId: `sha256:${String(n).repeat(64)}` });
const sha256 = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

it('a root is named by OCI’s ChainID of its layers, the bottom one first', () => {
  const two = sha256(`${layer(1).diffId} ${layer(2).diffId}`);
  const three = sha256(`${two} ${layer(3).diffId}`);
  expect(rootDigestOf([layer(3), layer(2), layer(1)])).toBe(sha256(`nandu root 1 ${three}`));
  expect(rootDigestOf([layer(1)])).toBe(sha256(`nandu root 1 ${layer(1).diffId}`));
});

it('other layers, and the same in another order, have another root', () => {
  const names = [[], [layer(1)], [layer(1), layer(2)], [layer(2), layer(1)], [layer(1), layer(1)]];
  expect(new Set(names.map(rootDigestOf)).size).toBe(names.length);
});
