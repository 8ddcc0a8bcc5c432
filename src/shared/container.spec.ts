import { expect, it } from 'vitest';
import { containerSchema, defaultContainer } from './container.ts';

const accepts = (user: string): boolean =>
  containerSchema.safeParse({
    ...{ ...defaultContainer, image: 'docker://alpine', digest: `sha256:${'0'.repeat(64)}` },
    user,
  }).success;

it('takes users and groups as images have them, and no numbers that Linux does not know', () => {
  const fine = ['root', '0', '1000:1000', 'www-data', '4294967294', 'user:999', '_apt', 'a.b$'];
  const wrong = ['-1', '1000:-1', 'a:b:c', ':1000', '1000:', '4294967295', '+1', 'two words', ''];
  expect(fine.filter((user) => !accepts(user))).toEqual([]);
  expect(wrong.filter(accepts)).toEqual([]);
});
