/**
 * The passt that tests run with: the one that Nandu itself would use, else an installed older one, dressed up.
 * Must never be taken for a new one where it matters what the old one does badly (downloads of a slow guest).
 */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from '../../src/main/host/index.ts';
import { tryPasst } from '../../src/main/network/index.ts';

const source = fileURLToPath(new URL('./renewed-passt/getopt.c', import.meta.url));

/** What there is to test with. */
export interface PasstForTests {
  /** To be given as `NANDU_PASST`; null where there is none. */
  readonly program: string | null;
  /** Whether it is an old one, dressed up. */
  readonly renewed: boolean;
  /** A sentence that says with what is tested, or why nothing is. */
  readonly words: string;
  dispose(): Promise<void>;
}

/** @param env as {@link tryPasst}'s. */
export async function passtForTests(env: NodeJS.ProcessEnv): Promise<PasstForTests> {
  const { program, problem } = await tryPasst(env);
  const dispose = (): Promise<void> => Promise.resolve();
  if (program !== null) {
    return { program, renewed: false, words: `Tested with ${program} as it is.`, dispose };
  }
  const chosen = env['NANDU_PASST'];
  const old = chosen ?? (await findProgram('passt', env));
  if (old === null || old === '') {
    return {
      program: null,
      renewed: false,
      words: `passt is NOT tested here. ${problem}`,
      dispose,
    };
  }
  const folder = await mkdtemp(join(tmpdir(), 'nandu-renewed-passt-'));
  const clear = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const renewed = await renew(old, folder).catch((error: unknown) => ({
    ...{ program: null, problem: (error as Error).message },
  }));
  if (renewed.program !== null) {
    const words = `Tested with a stand-in: ${old}, which Nandu does not use, with the command line of a new one.`;
    return { program: renewed.program, renewed: true, words, dispose: clear };
  }
  await clear();
  const words = `passt is NOT tested here. ${problem} A stand-in of it failed. ${renewed.problem}`;
  return { program: null, renewed: false, words, dispose };
}

/** A program that says that it is new, and becomes the old one with what lets that one read a new command line. */
async function renew(old: string, folder: string): ReturnType<typeof tryPasst> {
  const library = join(folder, 'getopt.so');
  const flags = ['-shared', '-fPIC', '-nostdlib', '-Os', '-Wall', '-Wextra', '-Werror'];
  await promisify(execFile)('gcc', [...flags, '-o', library, source], { timeout: 60_000 });
  const program = join(folder, 'passt');
  const script = `#!/bin/sh
if [ "$1" = --help ]; then
  ${quoted(old)} --help
  echo '--map-host-loopback --dns-host'
  exit
fi
LD_PRELOAD=${quoted(library)} exec ${quoted(old)} "$@"
`;
  await writeFile(program, script);
  await chmod(program, 0o755);
  return tryPasst({ ...process.env, NANDU_PASST: program });
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
