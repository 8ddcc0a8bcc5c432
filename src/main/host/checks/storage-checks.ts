/**
 * Judges whether there is room for what Nandu writes, and a private place for its sockets.
 * Never proposes to delete anything.
 */
import { maxSocketPathBytes } from '../paths.ts';
import { valueOf } from '../facts/fact.ts';
import type { FolderSpace } from '../facts/doctor-facts.ts';
import { failed, formatBytes, limited, listOf, ok, quoted, type Check } from './check.ts';

/** Logs and the database need a little, disk images and kernels much. */
const tooLittleBytes = 64 * 1024 ** 2;
const littleBytes = 1024 ** 3;

/** What to delete is the person's to decide: this shows where the room went. */
const showLargest = 'du -xhd 2 ~ 2>/dev/null | sort -h | tail -n 20';
/** A short path in a place that is one's own. */
const startElsewhere = 'NANDU_DATA_DIR="$HOME/.nandu" npm start';

export const diskSpaceCheck: Check = {
  id: 'disk-space',
  title: 'Disk space',
  judge({ space }) {
    const folders = valueOf(space);
    const below = (bytes: number): FolderSpace[] =>
      folders.filter(({ freeBytes }) => freeBytes < bytes);
    const describe = (few: readonly FolderSpace[]): string =>
      listOf(
        few.map(({ name, path, freeBytes }) => `${formatBytes(freeBytes)} for ${name} (${path})`),
      );
    const full = below(tooLittleBytes);
    if (full.length > 0) {
      return failed(
        `Almost nothing is free: ${describe(full)}. Machines need 64 MiB to start.`,
        showLargest,
      );
    }
    const tight = below(littleBytes);
    if (tight.length > 0) {
      return limited(
        `Little is free: ${describe(tight)}. Logs, disk images and container images need room.`,
        showLargest,
      );
    }
    const least = Math.min(...folders.map(({ freeBytes }) => freeBytes));
    return ok(`${formatBytes(least)} or more are free wherever Nandu keeps something.`);
  },
};

export const runtimeFolderCheck: Check = {
  id: 'runtime-folder',
  title: 'Folder for sockets',
  judge({ runtime }) {
    const { path, state, isOpenToOthers, socketPathBytes } = valueOf(runtime);
    if (socketPathBytes > maxSocketPathBytes) {
      return failed(
        `The folder for sockets has too long a name: a socket’s path in “${path}” would have ${socketPathBytes} bytes, but Linux allows ${maxSocketPathBytes}. Choose a shorter one by NANDU_DATA_DIR or XDG_RUNTIME_DIR.`,
        startElsewhere,
      );
    }
    const elsewhere = 'Choose another by NANDU_DATA_DIR or XDG_RUNTIME_DIR.';
    switch (state) {
      case 'not-a-folder':
        return failed(`“${path}” is not a folder. ${elsewhere}`, startElsewhere);
      case 'not-writable':
        return failed(
          `You may not write into “${path}”, where sockets would lie. ${elsewhere}`,
          startElsewhere,
        );
      case 'cannot-be-made':
        return failed(
          `“${path}”, where sockets would lie, cannot be made. ${elsewhere}`,
          startElsewhere,
        );
      case 'can-be-made':
        return ok(`“${path}” is made when the first machine starts.`);
      case 'usable':
        return isOpenToOthers
          ? limited(
              `Other people may look into “${path}”, where sockets of machines lie.`,
              `chmod 700 ${quoted(path)}`,
            )
          : ok(`“${path}” is there, and yours alone.`);
    }
  },
};
