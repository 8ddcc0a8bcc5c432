/**
 * Owns the shell script that runs inside a fence's namespaces until it becomes QEMU.
 * Must never become it before the rules are in force, nor with a privilege left that could change them.
 */

/** What the script says on descriptor 3; `failed` is followed by what it was at. */
export const fenceWords = {
  inside: 'inside',
  go: 'go',
  fenced: 'fenced',
  failed: 'failed',
} as const;

/** What the script is told, in this order, before the command. */
export interface FenceScriptArguments {
  readonly lifeline: string;
  readonly rules: string;
  /** A folder that has the resolv.conf for inside. */
  readonly etc: string;
  readonly nft: string;
  readonly mount: string;
  readonly setpriv: string;
  readonly unshare: string;
  /** The person's. */
  readonly uid: string;
  readonly gid: string;
}

/**
 * For bash (only bash closes descriptors above 9). It closes what it inherited, takes the lifeline, waits for
 * the network, loads the rules and executes the command with the lifeline as its only extra descriptor.
 */
export const fenceScript = `
for f in /proc/$$/fd/*; do n=\${f##*/}; [ "$n" -le 3 ] || eval "exec $n>&-"; done
fail() { echo "${fenceWords.failed} $1" >&3; exit 1; }
lifeline=$1 rules=$2 etc=$3 nft=$4 mount=$5 setpriv=$6 unshare=$7 uid=$8 gid=$9
shift 9
# Opening a FIFO for writing waits for a reader, so it is its own for a moment.
exec 4<>"$lifeline" 5>"$lifeline" 4>&- || fail lifeline
echo ${fenceWords.inside} >&3
# It ends with whoever should answer.
IFS= read -r -t 60 word <&3 && [ "$word" = ${fenceWords.go} ] || exit 1
"$nft" -f "$rules" 3>&- 5>&- || fail rules
# QEMU's network reads /etc/resolv.conf again and again. A mount on the file itself would be gone as soon as the
# host puts another in its place, as it does in every new network; where overlays are not allowed that must do.
if ! (cd "$etc" && exec "$mount" -t overlay -o lowerdir=.:/etc fence /etc 2>/dev/null 3>&- 5>&-); then
  file=$(readlink -f /etc/resolv.conf) || fail resolver
  [ ! -e "$file" ] || "$mount" --bind "$etc/resolv.conf" "$file" 3>&- 5>&- || fail resolver
fi
# For guests that ping; where that is forbidden they do without.
{ echo 0 0 >/proc/sys/net/ipv4/ping_group_range; } 2>/dev/null
echo ${fenceWords.fenced} >&3
exec 3>&-
# Within a namespace of users once more: there QEMU has the person's own number again, as the owner of the files
# in its shared folders, and has no say over a network that the outer one owns. A person who is root would keep
# capabilities in it.
none=
[ "$uid" -ne 0 ] || none='--bounding-set=-all --inh-caps=-all --ambient-caps=-all'
exec "$unshare" --user --map-user="$uid" --map-group="$gid" -- "$setpriv" $none --no-new-privs -- "$@"
`;

/** The words that become the command, program first. */
export function fenceCommand(
  bash: string,
  given: FenceScriptArguments,
  argv: readonly string[],
): string[] {
  const { lifeline, rules, etc, nft, mount, setpriv, unshare, uid, gid } = given;
  return [
    ...[unshare, '--user', '--map-root-user', '--net', '--mount', '--'],
    // -p: no start-up file of the person's environment (BASH_ENV) has a say.
    ...[bash, '-p', '-c', fenceScript, 'fence'],
    ...[lifeline, rules, etc, nft, mount, setpriv, unshare, uid, gid],
    ...argv,
  ];
}

/** The person's numbers; not by the user database, which need not have them. */
export function ownIds(): { readonly uid: string; readonly gid: string } {
  return { uid: String(process.getuid?.() ?? 0), gid: String(process.getgid?.() ?? 0) };
}
