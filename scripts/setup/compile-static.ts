/**
 * Compiles the small C programs of resources/ (the guest's agent, the clock's rate) into static programs.
 * Takes musl's compiler where there is one, for a tenth of the size; else the system's own.
 */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const flags = ['-std=gnu11', '-static', '-Os', '-s', '-Wall', '-Wextra', '-Werror'];

/**
 * @param sourceFolder all of whose C files make one program.
 * @throws Error that says what to install.
 */
export async function compileStatic(sourceFolder: string, target: string): Promise<void> {
  const sources = (await readdir(sourceFolder))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(sourceFolder, name));
  const problems: string[] = [];
  for (const compiler of ['musl-gcc', 'cc']) {
    try {
      await run(compiler, [...flags, '-o', target, ...sources], { timeout: 120_000 });
      return;
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      problems.push(`${compiler}: ${code === 'ENOENT' ? 'not installed' : (stderr ?? '').trim()}`);
    }
  }
  throw new Error(
    [
      `The C program in ${sourceFolder} could not be compiled.`,
      ...problems,
      'Install "musl-tools" (on Fedora "musl-gcc", on Arch "musl"), or a C compiler with a static C library.',
    ].join('\n'),
  );
}
