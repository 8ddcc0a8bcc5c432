/**
 * Turns what the agent says could not be done into a sentence for a person.
 * The guest's own words are shown only as the name of what it was about, never as an instruction.
 */
import { constants } from 'node:os';
import { AppError } from '../../shared/index.ts';

const { ENOENT, EACCES, ENODEV, ENOEXEC, EINVAL } = constants.errno;

/** The sentence and the field at fault, by the agent's word for the stage. */
const stages: Record<
  string,
  (detail: string, error: number) => { message: string; field?: string }
> = {
  image: (_detail, error) => ({
    message:
      error === ENODEV
        ? 'This kernel cannot mount the image: it has no squashfs. Take Nandu’s own kernel, or one with CONFIG_SQUASHFS and CONFIG_SQUASHFS_LZ4.'
        : 'The guest cannot mount the image’s root: its file may be damaged. Pull the image again, which looks at it and mends it.',
    field: error === ENODEV ? 'kernel' : 'container',
  }),
  overlay: (_detail, error) => ({
    message:
      error === ENODEV
        ? 'This kernel has no overlay file system. Take Nandu’s own kernel, or one with CONFIG_OVERLAY_FS.'
        : `The image’s root cannot be made writable (error ${error}).`,
    field: error === ENODEV ? 'kernel' : 'container',
  }),
  disk: (_detail, error) => ({
    message: `The machine’s kept disk cannot be mounted (error ${error}). If it is damaged, choose to keep nothing, or delete the machine and make it anew.`,
    field: 'container.storage',
  }),
  memory: () => ({ message: 'There is too little memory for the image’s writable part.' }),
  folder: (detail, error) => ({
    message:
      error === ENODEV
        ? `The folder for “${detail}” cannot be mounted: this kernel has no 9p file system.`
        : `The folder for “${detail}” cannot be mounted in the guest (error ${error}).`,
    field: 'container.folders',
  }),
  virtiofs: (detail, error) => ({
    message:
      error === ENODEV
        ? `The folder for “${detail}” cannot be mounted: this kernel has no virtiofs. Choose 9p for shared folders in Nandu’s settings.`
        : `The folder for “${detail}” cannot be mounted by virtiofs in the guest (error ${error}).`,
    field: 'container.folders',
  }),
  user: (detail) => ({
    message: `The image has no user “${detail}”. Give one that is in its /etc/passwd, or a number.`,
    field: 'container.user',
  }),
  group: (detail) => ({
    message: `The image has no group “${detail}”. Give one that is in its /etc/group, or a number.`,
    field: 'container.user',
  }),
  directory: (detail) => ({
    message: `The working directory “${detail}” cannot be entered by the command’s user.`,
    field: 'container.workingDirectory',
  }),
  command: (detail, error) => ({
    message:
      error === ENOENT
        ? `The image has no program “${detail}”. Give another command, or the program’s whole path.`
        : error === EACCES
          ? `“${detail}” may not be executed by the command’s user.`
          : error === ENOEXEC
            ? `“${detail}” is no program that this machine can run: it may be made for another processor.`
            : `“${detail}” cannot be executed (error ${error}).`,
    field: 'container.command',
  }),
  interpreter: (detail) => ({
    message: `“${detail}” is there, but not the interpreter or loader that it names. The image may lack a shell or a C library.`,
    field: 'container.command',
  }),
  shell: () => ({ message: 'No shell could be started in this container.' }),
  session: () => ({ message: 'The container cannot run another program just now.' }),
  network: (_detail, error) => ({
    message: `The guest’s network could not be brought up (error ${error}).`,
    field: 'network',
  }),
};

/** @param records `stage`, `errno`, `detail` as the agent sends them; anything may be missing. */
export function guestFailure(records: ReadonlyMap<string, string>): AppError {
  const stage = records.get('stage') ?? '';
  const detail = plain(records.get('detail') ?? '');
  const code = Number(records.get('errno') ?? EINVAL);
  const error = Number.isInteger(code) ? code : EINVAL;
  const words = Object.hasOwn(stages, stage) ? stages[stage]?.(detail, error) : undefined;
  const { message, field } = words ?? {
    message: `The container could not be set up (${plain(stage) || 'unknown'} ${detail}, error ${error}).`,
    field: undefined,
  };
  return new AppError('command_failed', message, {
    details: { stage: plain(stage), error, ...(field === undefined ? {} : { field }) },
  });
}

/** For a sentence: one line, without control characters and not long. */
function plain(text: string): string {
  return text.replaceAll(/\p{C}/gu, ' ').slice(0, 200).trim();
}
