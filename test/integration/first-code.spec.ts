/** What is read before the window can be used stays free of zod’s schemas, which would be made before the first frame. The built app. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../support/runtime.ts';

const built = (...path: string[]): string =>
  readFileSync(join(projectRoot, 'out', ...path), 'utf8');

/** By a property of every schema, which no minifier renames. */
const hasSchemas = (code: string): boolean => code.includes('_zod');
/** Imports that are read with it. */
const importsMore = (code: string): boolean =>
  /(?:^|;)import[^(]{0,2000}from\s*["']\.\//.test(code);

function scriptsOf(page: string): string[] {
  return [...page.matchAll(/<script [^>]*src="\.\/([\w/.-]+\.js)"/g)].map(
    ([, path]) => path ?? expect.unreachable(),
  );
}

it('the page’s first script has no schemas; what comes later has them', () => {
  const [first, ...more] = scriptsOf(built('renderer', 'index.html'));
  expect(more).toEqual([]);
  const code = built('renderer', first ?? expect.unreachable());
  expect([hasSchemas(code), importsMore(code)]).toEqual([false, false]);
  const later = /["'`]\.\/(later-[\w-]+\.js)["'`]/.exec(code)?.[1];
  expect(hasSchemas(built('renderer', 'assets', later ?? expect.unreachable()))).toBe(true);
});

it('main’s first module has no schemas; its services have them', () => {
  const code = built('main', 'index.js');
  expect([hasSchemas(code), importsMore(code)]).toEqual([false, false]);
  expect(hasSchemas(built('main', 'composition.js'))).toBe(true);
});
