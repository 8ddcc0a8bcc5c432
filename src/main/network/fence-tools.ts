/**
 * Finds out whether this computer can put a machine into a fence, by trying, and if not, what is in the way.
 * Never changes a setting, and leaves nothing behind.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { findProgram } from '../host/index.ts';
import { fenceRules } from './fence-rules.ts';
import { ownIds } from './fence-script.ts';

const deadlineMs = 5_000;

/** The programs that a fence is made with, each with its path. */
export type FenceTools = Readonly<Record<FenceToolName, string>>;
const packages = {
  unshare: 'util-linux',
  setpriv: 'util-linux',
  mount: 'util-linux',
  nft: 'nftables',
  slirp4netns: 'slirp4netns',
  bash: 'bash',
  mkfifo: 'coreutils',
} as const;
type FenceToolName = keyof typeof packages;

/** The tools, or a sentence that says what to install or allow. */
export type FenceAvailability =
  | { readonly tools: FenceTools; readonly problem: null; readonly missing: readonly string[] }
  | {
      readonly tools: null;
      readonly problem: string;
      /** Programs that are not installed. */
      readonly missing: readonly string[];
    };

/** Makes a fence without anything in it; takes some 50 ms. */
export async function tryFence(env: NodeJS.ProcessEnv): Promise<FenceAvailability> {
  // nft lies where only root's PATH leads.
  const full = { ...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` };
  const names = Object.keys(packages) as FenceToolName[];
  const paths = await Promise.all(names.map((name) => findProgram(name, full)));
  const missing = names.filter((_, index) => paths[index] === null);
  if (missing.length > 0) return unavailable(needed(missing), missing);
  const tools = Object.fromEntries(names.map((name, index) => [name, paths[index]])) as FenceTools;
  const refused = await refusal(tools, full);
  if (refused !== null) return unavailable(refused);
  try {
    await access('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    return unavailable(
      'You may not open /dev/net/tun. Its permissions should be 0666, as udev sets them; “modprobe tun” brings the device where it is missing.',
    );
  }
  return { tools, problem: null, missing: [] };
}

function unavailable(why: string, missing: readonly string[] = []): FenceAvailability {
  const what = '“Internet without the local network” does not work here.';
  return { tools: null, problem: `${what} ${why}`, missing };
}

function needed(missing: readonly FenceToolName[]): string {
  const wanted = [...new Set(missing.map((name) => packages[name]))];
  const programs = missing.map((name) => `“${name}”`).join(', ');
  return `Not installed: ${programs}. Install ${wanted.join(' and ')}.`;
}

async function refusal(tools: FenceTools, env: NodeJS.ProcessEnv): Promise<string | null> {
  const { unshare, bash, nft, mount, setpriv } = tools;
  const namespaces = [unshare, '--user', '--map-root-user', '--net', '--mount', '--'];
  const said = await run([...namespaces, bash, '-p', '-c', 'exit 0'], env);
  if (said !== null) {
    return `You may not make user namespaces (${said}). Settings → Doctor says what forbids it.`;
  }
  const { uid, gid } = ownIds();
  const script = `echo "$4" | "$1" -f - && "$2" --bind /etc/passwd /etc/passwd && exec "$5" --user --map-user=${uid} --map-group=${gid} -- "$3" --no-new-privs -- "$0" -c 'exit 0'`;
  const given = [bash, nft, mount, setpriv, fenceRules([]), unshare];
  const tried = await run([...namespaces, bash, '-p', '-c', script, ...given], env);
  return tried === null
    ? null
    : `The kernel does not let a user filter a network of his own (${tried}).`;
}

/** @returns null when it succeeded, otherwise what it said. */
function run(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  const [program = '', ...args] = words;
  const options = { env, timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 65_536 } as const;
  return new Promise((resolve) => {
    execFile(program, args, options, (error, _output, complaint) => {
      if (error === null) return resolve(null);
      const [line = ''] = complaint.trim().split('\n');
      resolve(line === '' ? 'without a word' : line.slice(0, 200));
    });
  });
}
