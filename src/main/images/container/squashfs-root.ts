/**
 * Writes owner and group of the root folder into a finished squashfs: sqfstar 4.5 ignores its options for them, and
 * the root would be whoever built it. Only for images whose inodes are not packed (`-noI`).
 */
import { open, type FileHandle } from 'node:fs/promises';
import { refused } from './refusal.ts';

// The superblock and the inode of a folder, Linux' fs/squashfs/squashfs_fs.h.
const magic = 0x73717368;
const [idCountOffset, rootOffset, idTableOffset, inodeTableOffset] = [26, 32, 48, 64];
const [basicFolder, extendedFolder] = [1, 8];
/** The first two bytes of a block of metadata: its size, and a bit for one that is not packed. */
const blockHeaderBytes = 2;
const unpackedBit = 0x8000;
const idsPerBlock = 2048;

/**
 * Leaves what it is where the image has no file of that owner: then it has no place for the number.
 * @throws AppError `image_refused` for what is no such squashfs.
 */
export async function setRootOwner(path: string, owner: number, group: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const superblock = await read(file, 0, 96);
    if (superblock.readUInt32LE(0) !== magic) throw refused('sqfstar made no squashfs of it');
    const ids = await readIds(file, superblock);
    const [ownerAt, groupAt] = [ids.indexOf(owner), ids.indexOf(group)];
    const root = superblock.readBigUInt64LE(rootOffset);
    const block = Number(superblock.readBigUInt64LE(inodeTableOffset) + (root >> 16n));
    const inode = block + blockHeaderBytes + Number(root & 0xffffn);
    const header = (await read(file, block, blockHeaderBytes)).readUInt16LE(0);
    const kind = (await read(file, inode, 2)).readUInt16LE(0);
    const isFolder = kind === basicFolder || kind === extendedFolder;
    if ((header & unpackedBit) === 0 || !isFolder || ownerAt < 0 || groupAt < 0) return;
    const numbers = Buffer.alloc(4);
    numbers.writeUInt16LE(ownerAt, 0);
    numbers.writeUInt16LE(groupAt, 2);
    await file.write(numbers, 0, numbers.byteLength, inode + 4); // after kind and mode
  } finally {
    await file.close();
  }
}

/** The table of all owners and groups; inodes have their places in it. */
async function readIds(file: FileHandle, superblock: Buffer): Promise<number[]> {
  const count = superblock.readUInt16LE(idCountOffset);
  const table = Number(superblock.readBigUInt64LE(idTableOffset));
  const ids: number[] = [];
  for (let at = 0; at * idsPerBlock < count; at += 1) {
    const block = Number((await read(file, table + 8 * at, 8)).readBigUInt64LE(0));
    const header = (await read(file, block, blockHeaderBytes)).readUInt16LE(0);
    if ((header & unpackedBit) === 0) return [];
    const bytes = await read(file, block + blockHeaderBytes, header & (unpackedBit - 1));
    for (let id = 0; id + 4 <= bytes.byteLength; id += 4) ids.push(bytes.readUInt32LE(id));
  }
  return ids;
}

async function read(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
  if (bytesRead < bytes) throw refused('sqfstar made a squashfs of it that is cut off');
  return buffer;
}
