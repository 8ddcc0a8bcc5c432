/** Small file helpers: checksums, JSON, and writing that never leaves half a file. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, readFileSync, readdirSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * @param {string} path
 * @returns {any} null where the file is absent or no JSON: whoever asks makes it anew
 */
export function readJsonOrNull(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Writes to a temporary name, syncs, renames.
 * @param {string} path
 * @param {unknown} value
 */
export async function writeJson(path, value) {
  await mkdir(dirname(path), { recursive: true });
  const temporaryPath = `${path}.${randomUUID()}`;
  const file = await open(temporaryPath, 'wx');
  try {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporaryPath, path);
}

/**
 * @param {string} path
 * @param {'sha256' | 'sha512'} [algorithm]
 * @param {'hex' | 'base64'} [encoding]
 */
export async function hashFile(path, algorithm = 'sha256', encoding = 'hex') {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk);
  return hash.digest(encoding);
}

/**
 * One checksum over files and whole folders: their names and their content.
 * @param {string} root paths are relative to it
 * @param {readonly string[]} paths
 * @param {readonly string[]} [extra] further text that counts
 */
export function hashContent(root, paths, extra = []) {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(`${text}\0`);
  for (const path of paths.flatMap((one) => listFiles(root, one)).sort()) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * A folder beside `target`, on the same file system, so that a rename can put it in place.
 * @param {string} target
 */
export async function temporarySibling(target) {
  const path = `${target}.${randomUUID().slice(0, 8)}.partial`;
  await mkdir(path, { recursive: true });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** @param {string} path */
export function sizeOrNull(path) {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

/**
 * @param {string} root
 * @param {string} path
 * @returns {string[]}
 */
function listFiles(root, path) {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stats) return [];
  if (!stats.isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => listFiles(root, join(path, name)));
}
