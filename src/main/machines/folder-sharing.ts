/**
 * Decides how each shared folder of a container reaches its guest: by virtiofs where all that takes is there, else
 * by 9p, which needs QEMU alone. Must never choose what the container's user could not write to as wanted.
 */
import { readFile, realpath } from 'node:fs/promises';
import type { Container, Folder, ImageConfig } from '../../shared/index.ts';
import type { FolderServerAvailability } from '../folders/index.ts';
import { folderSocket, type RunFiles } from '../host/index.ts';
import type { SharedFolder } from '../qemu/index.ts';

/** What is known of where the folders are to be shared. */
export interface SharingContext {
  readonly server: FolderServerAvailability;
  /** What a person chose for all machines. */
  readonly wanted: 'automatic' | '9p';
  /** Whether this QEMU has the device and memory that can be shared with a server. */
  readonly qemuCan: boolean;
  /** Whether the guest's kernel can mount it. */
  readonly kernelCan: boolean;
  readonly files: Pick<RunFiles, 'runDirectory'>;
}

/** Those of one machine, in their order. @throws never: what cannot be looked at is shared by 9p, which says more. */
export async function shareFolders(
  container: Container,
  image: Pick<ImageConfig, 'user'>,
  context: SharingContext,
): Promise<SharedFolder[]> {
  const { server, wanted, qemuCan, kernelCan, files } = context;
  const by9p = ({ hostPath, readOnly }: Folder): SharedFolder => ({
    ...{ hostPath, readOnly, socketPath: null },
  });
  if (container.folders.length === 0 || server.program === null) return container.folders.map(by9p);
  if (wanted === '9p' || !qemuCan || !kernelCan) return container.folders.map(by9p);
  const { makers } = server.program.kind;
  const canMake =
    makers === 'anyone' || (makers === 'root' && isRoot(container.user ?? image.user));
  const mounts = await mountPoints();
  return Promise.all(
    container.folders.map(async (folder, index) => {
      const path = await realpath(folder.hostPath).catch(() => null);
      if (path === null || (!folder.readOnly && !canMake)) return by9p(folder);
      // A server sees what is mounted in there otherwise than the person does, or not at all.
      if (mounts.some((mount) => mount.startsWith(path === '/' ? path : `${path}/`))) {
        return by9p(folder);
      }
      const socketPath = folderSocket(files, index);
      return { hostPath: path, readOnly: folder.readOnly, socketPath };
    }),
  );
}

/** Who the container's command runs as; the names are the image's, and all images have this one. */
function isRoot(user: string): boolean {
  const [name = ''] = user.split(':', 1);
  return name === '' || name === 'root' || /^0+$/.test(name);
}

/** Of this process's file systems (proc_pid_mountinfo(5)); none where they cannot be told. */
async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const point = line.split(' ')[4];
    return point === undefined ? [] : [unescaped(point)];
  });
}

/** Blanks and backslashes in there are octal numbers; a name is bytes. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
