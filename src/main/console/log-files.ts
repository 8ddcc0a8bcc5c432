/**
 * The files that keep a run's output: read for people, rotated so that they stay bounded.
 * Never blocks the writer: QEMU appends to the same file all the while.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { copyFile, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { logLinesShown, type LogText } from '../../shared/index.ts';
import { plainText } from './plain-text.ts';

/** The most that is read to show a log's end. */
const maxReadBytes = 4 * 1024 * 1024;
/** A line without an end would otherwise cross to the window as a whole. */
const maxLineLength = 10_000;
/**
 * A file of this size is moved aside, cut to its end if it has grown beyond: with the part before it a
 * log takes twice as much, and what comes within a second more.
 */
export const maxLogBytes = 32 * 1024 * 1024;

/** The end of a log as lines of plain text, also of the part that was moved aside. A log that is not there is empty. */
export async function readLog(path: string): Promise<LogText> {
  const current = await readEnd(path, maxReadBytes);
  const older = await readEnd(previous(path), maxReadBytes - current.data.byteLength);
  const whole = current.data.byteLength === current.size && older.data.byteLength === older.size;
  const data = Buffer.concat([older.data, current.data]);
  // Split at the feed alone: a pattern for the returns before it takes a guest's million of them for hours.
  const lines = plainText(data.toString('utf8')).split('\n');
  if (!whole) lines.shift(); // it begins in the middle
  if (lines.at(-1) === '') lines.pop();
  return {
    lines: lines.slice(-logLinesShown).map(shownPart),
    truncated: !whole || lines.length > logLinesShown,
    sizeBytes: current.size + older.size,
  };
}

/** What stays of a line on a terminal: a carriage return goes back to its start, and what follows stays. */
function shownPart(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === '\r') end -= 1;
  const shown = line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
  return shown.length <= maxLineLength ? shown : `${shown.slice(0, maxLineLength)} …`;
}

async function readEnd(path: string, maxBytes: number): Promise<{ data: Buffer; size: number }> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { data: Buffer.alloc(0), size: 0 };
    }
    throw error;
  }
  try {
    const { size } = await file.stat();
    const wanted = Math.min(size, maxBytes);
    const data = Buffer.alloc(wanted);
    const { bytesRead } = await file.read(data, 0, wanted, size - wanted);
    return { data: data.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}

/**
 * Copies a log, the part that was moved aside first, into one file.
 * @throws what the file system says.
 */
export async function saveLog(path: string, target: string): Promise<void> {
  const output = await open(target, 'w', 0o600);
  try {
    for (const part of [previous(path), path]) {
      const input = await open(part, 'r').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      if (input === null) continue;
      try {
        const chunk = Buffer.alloc(1024 * 1024);
        for (;;) {
          const { bytesRead } = await input.read(chunk, 0, chunk.byteLength);
          if (bytesRead === 0) break;
          await output.write(chunk, 0, bytesRead);
        }
      } finally {
        await input.close();
      }
    }
    await output.sync();
  } finally {
    await output.close();
  }
}

/** Whoever follows a log that is rotated. Both are done at once. */
export interface LogReader {
  /** Takes what is there now. */
  catchUp(): void;
  /** That file is empty now. */
  emptied(path: string): void;
}

/**
 * Moves a log's content aside once it is too large. QEMU goes on appending to the same, now empty, file.
 * Only what it writes in the microseconds between the last look and the cut is lost from the log.
 * @returns whether it was rotated.
 */
export async function rotateLog(
  path: string,
  maxBytes = maxLogBytes,
  reader: LogReader | null = null,
): Promise<boolean> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0, // not written yet, or the run's folder is gone
  );
  if (size < maxBytes) return false;
  const temporary = `${path}.moving`;
  try {
    const from = size > 2 * maxBytes ? size - maxBytes : 0;
    if (from === 0) await copyFile(path, temporary, constants.COPYFILE_FICLONE);
    else await writeFile(temporary, '', { mode: 0o600 });
    cutAfterRest(path, temporary, from, reader);
    await rename(temporary, previous(path));
  } catch (error) {
    await rm(temporary, { force: true });
    // A full disk: the log itself is what can be given up, and cutting it frees space.
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      reader?.catchUp();
      truncateSync(path, 0);
      reader?.emptied(path);
      return true;
    }
    throw error;
  }
  return true;
}

/** Appends what the log has beyond its copy, which began at `from`, and empties it at once. */
function cutAfterRest(path: string, copy: string, from: number, reader: LogReader | null): void {
  const source = openSync(path, 'r+');
  const target = openSync(copy, 'a');
  try {
    const chunk = Buffer.alloc(1024 * 1024);
    let position = from + fstatSync(target).size;
    const copyRest = (): void => {
      // What comes meanwhile is for the next turn: whoever writes faster must not keep this here.
      for (const { size } = fstatSync(source); position < size;) {
        const bytesRead = readSync(source, chunk, 0, chunk.byteLength, position);
        if (bytesRead === 0) break;
        writeSync(target, chunk, 0, bytesRead);
        position += bytesRead;
      }
    };
    // Either takes its time for all that has come; what comes meanwhile is little for the second turn.
    for (let turn = 0; turn < 2; turn++) {
      reader?.catchUp();
      copyRest();
    }
    reader?.catchUp();
    ftruncateSync(source, 0);
    reader?.emptied(path);
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

/** Where a log's older part lies. */
function previous(path: string): string {
  return `${path}.1`;
}
