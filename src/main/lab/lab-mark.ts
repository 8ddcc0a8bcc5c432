/**
 * The mark of a lab's boot beside its logs, made before anything is started, by which a later Nandu knows it for one.
 * Must never have a secret in it: it is a command, and whose.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunFiles } from '../host/index.ts';

const labMarkSchema = z.object({
  formatVersion: z.literal(1),
  /** Which Nandu's lab it is. */
  owner: z.string(),
  argv: z.array(z.string()),
});
export type LabMark = z.infer<typeof labMarkSchema>;

type LogFolder = Pick<RunFiles, 'logDirectory'>;

/** Makes the folder of the logs with the mark in it. */
export async function writeMark(
  { logDirectory }: LogFolder,
  mark: Omit<LabMark, 'formatVersion'>,
): Promise<void> {
  await mkdir(logDirectory, { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify({ formatVersion: 1, ...mark })}\n`;
  await writeFile(pathOf({ logDirectory }), text, { mode: 0o600 });
}

/** Null where there is none: then it was no lab's boot, or nothing was started yet. */
export async function readMark(files: LogFolder): Promise<LabMark | null> {
  try {
    const parsed = labMarkSchema.safeParse(JSON.parse(await readFile(pathOf(files), 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // see above
  }
}

function pathOf({ logDirectory }: LogFolder): string {
  return join(logDirectory, 'lab.json');
}
