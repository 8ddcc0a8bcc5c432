/** Builds the app when its sources changed since the last build. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hashContent, readJsonOrNull, writeJson } from './files.mjs';
import { SetupFailure } from './failure.mjs';
import { projectRoot } from './paths.mjs';
import { runVisibly } from './run.mjs';

const SOURCES = [
  'src',
  'resources',
  'electron.vite.config.ts',
  'tsconfig.base.json',
  'package.json',
  'package-lock.json',
];
const stampFile = join(projectRoot, 'out', '.build.json');

/**
 * @param {import('./steps.mjs').Steps} steps
 * @throws SetupFailure when the build fails
 */
export async function ensureBuilt(steps) {
  const sources = hashContent(projectRoot, SOURCES);
  if (
    readJsonOrNull(stampFile)?.sources === sources &&
    existsSync(join(projectRoot, 'out', 'main', 'index.js'))
  )
    return;
  const code = await steps.during('Building the app', () =>
    runVisibly('npm', ['run', '--silent', 'build'], { cwd: projectRoot }),
  );
  if (code !== 0) throw new SetupFailure(`The build failed with code ${code} (see above).`);
  await writeJson(stampFile, { sources });
}
