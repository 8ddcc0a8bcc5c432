/**
 * Which of slirp4netns's own locks it can be started behind: it reads what guests of ill will send, in the
 * person's name. Only asks and looks; whatever is not sure to work is left out.
 */
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';

const deadlineMs = 2_000;

/**
 * @param slirp4netns its path; as old as 0.3 it has neither option, and would not start with one.
 * @returns words for its command line (slirp4netns(1)).
 */
export async function slirpGuards(slirp4netns: string): Promise<string[]> {
  const [help, resolver] = await Promise.all([
    helpOf(slirp4netns),
    realpath('/etc/resolv.conf').catch(() => ''), // none; a network without names has nothing to lose
  ]);
  return guardsFor(help, resolver);
}

/**
 * @param help what `--help` says.
 * @param resolver where /etc/resolv.conf leads. The sandbox has /etc and /run in it and no other folder, so that a
 *   resolver's file that lies elsewhere, as /mnt/wsl/resolv.conf, could not be read: there it stays out.
 */
export function guardsFor(help: string, resolver: string): string[] {
  const has = (option: string): boolean => new RegExp(`^\\s*${option}\\b`, 'm').test(help);
  const isWithin = resolver === '' || /^\/(?:etc|run)\//.test(resolver);
  return [
    ...(has('--enable-sandbox') && isWithin ? ['--enable-sandbox'] : []),
    ...(has('--enable-seccomp') ? ['--enable-seccomp'] : []),
  ];
}

function helpOf(program: string): Promise<string> {
  const options = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 65_536 } as const;
  return new Promise((resolve) => {
    execFile(program, ['--help'], options, (error, output) =>
      resolve(error === null ? output : ''),
    );
  });
}
