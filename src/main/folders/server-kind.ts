/**
 * Tells from its own help what a virtiofsd is and which words it takes. Pure.
 * Must never conclude anything from a version: distributions build them differently.
 */

/** Who in the guest can make files in a folder that such a server shares. */
export type Makers = 'anyone' | 'root' | 'nobody';

/** A virtiofsd as its help describes it. */
export interface ServerKind {
  /** `rust` makes a namespace of users itself; `legacy`, QEMU's own until 7.2, wants to be root in one. */
  readonly family: 'rust' | 'legacy';
  readonly makers: Makers;
  /** Of the options that are used only where they are there. */
  readonly options: readonly string[];
}

/** The person's numbers. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

const optional = [
  '--announce-submounts',
  '--rlimit-nofile',
  '--log-level',
  '--readonly',
  '--uid-map',
  '--gid-map',
  '--translate-uid',
  '--translate-gid',
] as const;
/** Every number that a guest can use; the last one stands for none (chown(2)). */
const allIds = 4_294_967_295;

/** @returns null for what is no virtiofsd, or one that cannot be handed a socket. */
export function serverKindOf(help: string): ServerKind | null {
  const has = (option: string): boolean => new RegExp(`(?:^|[\\s,])${option}\\b`, 'm').test(help);
  if (!has('--fd')) return null;
  if (has('--shared-dir') && has('--sandbox')) {
    const options = optional.filter(has);
    const all = (...names: string[]): boolean => names.every((name) => has(name));
    const makers = all('--translate-uid', '--translate-gid')
      ? 'anyone'
      : all('--uid-map', '--gid-map')
        ? 'root'
        : 'nobody';
    return { family: 'rust', makers, options };
  }
  if (has('-o source=') && has('-o sandbox=')) {
    const options = has('-o announce_submounts') ? ['announce_submounts'] : [];
    return { family: 'legacy', makers: 'root', options };
  }
  return null;
}

/**
 * The server's command, program first. Its listening socket is its descriptor 0.
 * @param ids as they are where the server starts, which for `legacy` is 0 in a namespace.
 */
export function serverWords(
  program: string,
  { family, makers, options }: ServerKind,
  folder: { readonly path: string; readonly readOnly: boolean },
  { uid, gid }: Ids,
): string[] {
  if (family === 'legacy') {
    const given = [
      `source=${escapedSource(folder.path)}`,
      'sandbox=namespace',
      'cache=auto',
      'log_level=err',
    ];
    const all = [...given, ...options];
    return [program, '--fd=0', ...all.flatMap((option) => ['-o', option]), '--rlimit-nofile=0'];
  }
  const has = (option: (typeof optional)[number]): boolean => options.includes(option);
  return [
    ...[program, '--fd=0', `--shared-dir=${folder.path}`, '--sandbox=namespace', '--cache=auto'],
    ...(has('--announce-submounts') ? ['--announce-submounts'] : []),
    // Its own limit would be refused to who may not raise it; the script has raised it as far as it goes.
    ...(has('--rlimit-nofile') ? ['--rlimit-nofile=0'] : []),
    ...(has('--log-level') ? ['--log-level=error'] : []),
    ...(has('--readonly') && folder.readOnly ? ['--readonly'] : []),
    ...idWords(makers, uid, gid),
  ];
}

/** What the guest makes becomes the person's, whoever made it in there, as far as the server can do that. */
function idWords(makers: Makers, uid: number, gid: number): string[] {
  if (makers === 'anyone') {
    return [
      `--translate-uid=squash-guest:0:${uid}:${allIds}`,
      `--translate-gid=squash-guest:0:${gid}:${allIds}`,
    ];
  }
  // Root makes no namespace of users, and refuses to be told of one.
  if (makers === 'nobody' || uid === 0) return [];
  return [`--uid-map=:0:${uid}:1:`, `--gid-map=:0:${gid}:1:`];
}

/** For the older one, whose parser of options takes commas and backslashes for its own (lib/fuse_opt.c). */
function escapedSource(path: string): string {
  return path.replaceAll(/[\\,]/g, '\\$&');
}

/** Whether a command is, or will become, that of a server of this folder. */
export function servesFolder(command: readonly string[], path: string): boolean {
  const words = [path, `--shared-dir=${path}`, `source=${escapedSource(path)}`];
  return command.some((word) => words.includes(word));
}
