/**
 * Writes the command as a POSIX shell script that boots the same machine without Nandu, on any host with
 * the same files. Pure; whatever differs from what Nandu runs is said in the script itself.
 */
import { dirname } from 'node:path';
import type { RunFiles } from '../host/index.ts';
import { buildOptions, type LaunchPlan } from './argv.ts';
import { needsSharedMemory, type ContainerDevices } from './container-devices.ts';
import type { QemuOption } from './option.ts';

/** Stands for the script's own folder while the words are built; no path contains it. */
const runMark = '\u0001run';

/**
 * @param configuration what a container's agent is told, without secrets; null where there is no container.
 * @returns a script that needs nothing but a shell and QEMU. Its console is the terminal it runs in;
 *   sockets and logs go to a folder of its own, removed when it ends.
 */
export function shellScript(plan: LaunchPlan, configuration: Buffer | null = null): string {
  const fenced = plan.spec.network === 'internet';
  const spec = fenced ? { ...plan.spec, network: 'host-ports' as const } : plan.spec;
  const served = needsSharedMemory(plan.container);
  const container = served ? withoutServers(plan.container) : plan.container;
  const alone = { ...plan, spec, container, passt: null };
  const options = buildOptions({ ...alone, files: markedFiles(plan.files) })
    .filter(([name]) => name !== '-S') // nobody is there to say "cont"
    .map((option) => onTerminal(option))
    .map((option) => (configuration === null ? option : fromPipe(option)));
  const files: [name: string, path: string | null][] = [
    ['qemu', plan.qemuPath],
    ['kernel', plan.kernelPath],
    ['initrd', plan.initrdPath],
  ];
  const lines = options.map(
    (option) =>
      `  ${words(option)
        .map((word) => quoted(word, files))
        .join(' ')}`,
  );
  return [
    '#!/bin/sh',
    `# The machine ${oneLine(plan.spec.name)}, as Nandu starts it, but for three things:`,
    '# its console is this terminal, its sockets and logs lie in a folder that goes when it ends,',
    '# and it need not be told to go on (-S). Other files or another QEMU: kernel=… initrd=… qemu=… sh FILE',
    ...(fenced ? withoutFence : []),
    ...(plan.passt == null ? [] : withoutPasst),
    ...(served ? byNineP : []),
    ...(configuration === null ? [] : withoutSecrets(plan)),
    'set -eu',
    ...files.flatMap(([name, path]) =>
      path === null ? [] : [`${name}=\${${name}:-${quoted(path, [])}}`],
    ),
    'run=$(mktemp -d)',
    `trap 'rm -rf "$run"' EXIT`,
    ...(configuration === null ? [] : toldByFile(configuration)),
    '"$qemu" \\',
    lines.join(' \\\n'),
    '',
  ].join('\n');
}

/** The agent reads what it is told from a pipe in place of its socket: nobody need be there to say it. */
function fromPipe(option: QemuOption): QemuOption {
  const [name, value] = option;
  return name === '-chardev' && value?.startsWith('socket,id=agent,') === true
    ? ['-chardev', `pipe,id=agent,path=${runMark}/agent`]
    : option;
}

function toldByFile(configuration: Buffer): string[] {
  const lines = configuration.toString('base64').match(/.{1,100}/g) ?? [];
  // A pipe takes no more than 64 KiB at once, and QEMU is not there yet: the rest waits in the background.
  return [
    'mkfifo "$run/agent.in" "$run/agent.out"',
    `base64 -d >"$run/agent.in" <<'END' &`,
    ...lines,
    'END',
    `trap 'kill "$teller" 2>/dev/null || :; rm -rf "$run"' EXIT`,
    'teller=$!',
  ];
}

function withoutSecrets({ spec }: LaunchPlan): string[] {
  const names = spec.container?.secrets ?? [];
  return [
    '# What its container runs is told to the agent in the guest by the lines in base64 below.',
    ...(names.length === 0
      ? []
      : [`# The values of its secrets are not in there: ${oneLine(names.join(', '))}.`]),
  ];
}

/** What keeps such a guest from the local network is Nandu's fence around QEMU, which no option of QEMU makes. */
const withoutFence = [
  '# Its network is “Internet without the local network” in Nandu, which fences QEMU in for that. Here is no',
  '# fence, so the guest reaches nothing (restrict=on); only the forwarded ports work. Take restrict=on away',
  '# only if it may reach this computer and the local network as well.',
];

const byNineP = [
  '# Nandu shares its folders by virtiofs, with a server for each; here QEMU shares them itself, by 9p.',
];

function withoutServers(container: ContainerDevices | null): ContainerDevices | null {
  if (container === null) return null;
  const folders = container.folders.map((folder) => ({ ...folder, socketPath: null }));
  return { ...container, folders };
}

const withoutPasst = [
  '# Its network is served by passt in Nandu. Here it is QEMU’s own, by which the guest reaches the same.',
];

/** The run's files below the mark, so that no folder of this host is named. */
function markedFiles(files: RunFiles): RunFiles {
  const folders = [files.runDirectory, files.logDirectory];
  const moved = Object.entries(files).map(([key, path]: [string, string]) => {
    if (folders.includes(path)) return [key, runMark];
    return [key, path.replace(dirname(path), runMark)];
  });
  return Object.fromEntries(moved) as unknown as RunFiles;
}

function words([name, value]: QemuOption): string[] {
  return value === undefined ? [name] : [name, value];
}

/** The console's socket becomes the terminal; Ctrl+C is the guest's. */
function onTerminal(option: QemuOption): QemuOption {
  const [name, value] = option;
  return name === '-chardev' && value?.startsWith('socket,id=console,') === true
    ? ['-chardev', 'stdio,id=console,signal=off']
    : option;
}

/** One word for the shell; the script's variables stand where their values did. */
function quoted(word: string, variables: readonly [string, string | null][]): string {
  const variable = variables.find(([, value]) => value === word);
  if (variable !== undefined) return `"$${variable[0]}"`;
  return word.split(runMark).map(quotedText).join('"$run"');
}

function quotedText(text: string, _index: number, parts: readonly string[]): string {
  if (text === '' && parts.length > 1) return '';
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** For a comment: nothing in a name may end the line. */
function oneLine(text: string): string {
  return `“${text.replaceAll(/\p{C}/gu, ' ')}”`;
}
