/**
 * Asks QEMU for the lists that it only prints: properties of a machine type, kinds of networks, folders.
 * Never takes the wording for more than the names in it: help is meant for people and changes.
 */
import { execFile } from 'node:child_process';

const maxBytes = 256 * 1024;
const maxFolders = 32;

/**
 * What QEMU prints on standard output; nothing when it fails, as it does for an unknown machine type.
 * @throws Error when it cannot be started, was called off by `signal`, or prints more than 256 KiB.
 */
export function printedBy(
  qemuPath: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { signal, killSignal: 'SIGKILL', maxBuffer: maxBytes } as const;
    execFile(qemuPath, args, limits, (error, output) => {
      // An exit code is a number, a failure to run it a word; a crash has neither (Node.js, "execFile").
      const couldNotRun = typeof error?.code === 'string' || error?.name === 'AbortError';
      if (couldNotRun) reject(error);
      else resolve(error === null ? output : '');
    });
  });
}

/** Of `-machine TYPE,help`: “  acpi=<OnOffAuto> - …”, before QEMU 6.0 “microvm.acpi=OnOffAuto (…)”. */
export function propertiesIn(help: string): string[] {
  return [...help.matchAll(/^\s*(?:microvm\.)?([\w-]+)=/gm)].map(([, name = '']) => name);
}

/** Of `-netdev help`: a line of words, then a name a line. */
export function netdevsIn(help: string): string[] {
  return [...help.matchAll(/^\s*([\w-]+)\s*$/gm)].map(([, name = '']) => name);
}

/** Of `-L help`: a folder a line. */
export function foldersIn(help: string): string[] {
  return help
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/') && !line.includes('\0'))
    .slice(0, maxFolders);
}
