/**
 * Owns the comparison of two runs: which settings, kernel, initrd and QEMU are not the same.
 * Pure. Must never show more of a definition than it has: values of secrets are not in there.
 */
import {
  differingPaths,
  type BootFileStamp,
  type BootFileStamps,
  type GuestKernel,
  type MachineSpec,
  type Run,
  type RunChanges,
} from '../../shared/index.ts';

/** A run with the definition and the files that it was started with; null where they are not known. */
export interface DefinedRun {
  readonly run: Run;
  readonly spec: MachineSpec | null;
  readonly files: BootFileStamps | null;
}

/** A whole list or a text can be long; the window shows a line. */
const longestValue = 200;
/** What a person writes about a machine changes no boot. */
const wordsAlone = ['labels', 'notes'];

/**
 * @param kernels those that are known by a title; their paths tell.
 * @returns what changed from one run to the other.
 */
export function runChanges(
  before: DefinedRun,
  after: DefinedRun,
  kernels: readonly Pick<GuestKernel, 'title' | 'kernelPath'>[],
): RunChanges {
  const kernelName = (path: string): string => {
    const known = kernels.find(({ kernelPath }) => kernelPath === path);
    return known === undefined ? path : `${known.title} (${path})`;
  };
  const samePath = before.run.argv[0] === after.run.argv[0];
  const qemuOf = ({ run: { qemuVersion, argv } }: DefinedRun): string =>
    samePath ? qemuVersion : `${qemuVersion} (${argv[0] ?? ''})`;
  return {
    settings: settingsOf(before, after),
    kernel: fileChange(before, after, 'kernel', kernelName),
    initrd: fileChange(before, after, 'initrd', (path) => path),
    filesKnown: before.files !== null && after.files !== null,
    qemu: changed(qemuOf(before), qemuOf(after)),
  };
}

/** By path, and at the same path by what is known of the file that was there. */
function fileChange(
  before: DefinedRun,
  after: DefinedRun,
  which: 'kernel' | 'initrd',
  nameOf: (path: string) => string,
): RunChanges['kernel'] {
  const [one, other] = [before, after].map(({ run: { argv } }) => {
    const at = argv.indexOf(`-${which}`);
    return at < 0 ? null : (argv[at + 1] ?? null);
  });
  const name = (path: string | null | undefined): string => (path == null ? 'none' : nameOf(path));
  if (one !== other) return changed(name(one), name(other));
  const [was, is] = [before.files?.[which], after.files?.[which]];
  if (!was || !is || (was.bytes === is.bytes && was.modifiedAtMs === is.modifiedAtMs)) return null;
  return { before: `${name(one)}, ${stampText(was)}`, after: stampText(is) };
}

/** The same size and another time are another file, or the same one written anew: a person can tell. */
function stampText({ bytes, modifiedAtMs }: BootFileStamp): string {
  const written = new Date(modifiedAtMs).toISOString().slice(0, 19).replace('T', ' ');
  return `${bytes.toLocaleString('en')} bytes of ${written} UTC`;
}

function settingsOf(before: DefinedRun, after: DefinedRun): RunChanges['settings'] {
  if (before.spec === null || after.spec === null) return null;
  const { spec: one } = before;
  const { spec: other } = after;
  const settings = differingPaths(one, other)
    .filter((path) => !wordsAlone.includes(path.split('.')[0] ?? ''))
    .map((path) => ({ path, before: shown(one, path), after: shown(other, path) }));
  const [was, is] = [before.run.accelerator, after.run.accelerator];
  // Chosen automatically, it can be another one although no setting changed.
  const told = settings.some(({ path }) => path === 'accelerator');
  return was === is || told
    ? settings
    : [...settings, { path: 'accelerator', before: was, after: is }];
}

function changed(before: string, after: string): { before: string; after: string } | null {
  return before === after ? null : { before, after };
}

function shown(spec: MachineSpec, path: string): string {
  const value = path
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], spec);
  const text = words(value);
  return text.length > longestValue ? `${text.slice(0, longestValue - 1)}…` : text;
}

function words(value: unknown): string {
  if (value === true) return 'on';
  if (value === false) return 'off';
  if (value === null || value === undefined || value === '') return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
