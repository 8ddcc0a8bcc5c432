/**
 * Owns the shell script that a folder's server begins as, in namespaces of its own, until it becomes virtiofsd.
 * Must never become it before a read-only folder is read-only, nor without Nandu's word.
 */
import { serverWords, type Ids, type ServerKind } from './server-kind.ts';

/** What the script says on descriptor 3 and hears there; `failed` is followed by what it was at. */
export const serverScriptWords = { ready: 'ready', go: 'go', failed: 'failed' } as const;

/** The programs that a server is started with, each with its path. */
export interface FolderTools {
  readonly bash: string;
  readonly unshare: string;
  readonly setpriv: string;
  readonly mount: string;
}

/** A virtiofsd with what is needed to start it. */
export interface FolderProgram {
  readonly path: string;
  readonly kind: ServerKind;
  readonly tools: FolderTools;
}

/**
 * For bash, which alone closes descriptors above 9. The word to go on comes when QEMU was spawned: a Nandu that
 * dies before leaves no server that waits for ever.
 */
export const serverScript = `
for f in /proc/$$/fd/*; do n=\${f##*/}; [ "$n" -le 3 ] || eval "exec $n>&-"; done
fail() { echo "${serverScriptWords.failed} $1" >&3; exit 1; }
access=$1 folder=$2 mount=$3
shift 3
if [ "$access" = ro ]; then
  # A guest can mount the folder for writing; this mount it never gets at.
  "$mount" --bind -- "$folder" "$folder" </dev/null 3>&- || fail bind
  "$mount" -o remount,bind,ro -- "$folder" </dev/null 3>&- || fail read-only
fi
# A server holds a descriptor for each file that the guest knows.
most=$(ulimit -Hn)
[ "$most" != unlimited ] && [ "$most" -le 262144 ] || most=262144
ulimit -Sn "$most" 2>/dev/null
echo ${serverScriptWords.ready} >&3
# It ends with whoever should answer.
IFS= read -r -u 3 word && [ "$word" = ${serverScriptWords.go} ] || exit 1
exec 3>&-
exec "$@"
`;

/** The words that become the server, program first; its descriptor 0 is to be the listening socket. */
export function serverCommand(
  { path: program, kind, tools }: FolderProgram,
  folder: { readonly path: string; readonly readOnly: boolean },
  person: Ids,
): string[] {
  const { bash, unshare, setpriv, mount } = tools;
  const isRoot = person.uid === 0;
  // The older one has to be root in its namespace. The other one makes a namespace itself, as whoever it is.
  const within = kind.family === 'legacy' ? { uid: 0, gid: 0 } : person;
  return [
    // Who is root in the namespace alone cannot leave groups any more, which both servers try as root.
    ...(isRoot ? [setpriv, '--clear-groups', '--'] : []),
    ...[unshare, '--user', '--map-root-user', '--mount', '--'],
    // -p: no start-up file of the person's environment (BASH_ENV) has a say.
    ...[bash, '-p', '-c', serverScript, 'nandu-folder'],
    ...[folder.readOnly ? 'ro' : 'rw', folder.path, mount],
    ...(kind.family === 'legacy' || isRoot
      ? []
      : [unshare, '--user', `--map-user=${person.uid}`, `--map-group=${person.gid}`, '--']),
    ...serverWords(program, kind, folder, within),
  ];
}
