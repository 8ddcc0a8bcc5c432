/**
 * The sign by which a boot was measured, as a short text: boots are compared only with those of the same text.
 * Pure. Must never change what it says of a sign: the texts are stored with boots.
 */
import type { MachineSpec, ReadySign } from './machine-spec.ts';

/**
 * `command`: a container's command was started; `agent`: the agent opened its port; `init`: the init's line on the
 * console; `console TEXT`, `port NUMBER`, `marker NAME`: what was chosen.
 */
export function readySignOf({
  ready,
  devices,
  container,
}: Pick<MachineSpec, 'ready' | 'devices' | 'container'>): string {
  if (ready.kind !== 'automatic') return chosenSign(ready);
  if (container !== null) return 'command';
  return devices.agent ? 'agent' : 'init';
}

/** The same of what was chosen, which needs to know nothing else. */
export function chosenSign(ready: Exclude<ReadySign, { kind: 'automatic' }>): string {
  if (ready.kind === 'console') return `console ${ready.text}`;
  return ready.kind === 'port' ? `port ${ready.port}` : `marker ${ready.name}`;
}

/** Such a text in words that can follow “by” and “waits for”; undefined where none was kept with a boot. */
export function sayReadySign(sign: string | undefined): string {
  if (sign === undefined) return 'a sign that was not recorded';
  const end = sign.includes(' ') ? sign.indexOf(' ') : sign.length;
  const [kind, rest] = [sign.slice(0, end), sign.slice(end + 1)];
  if (kind === 'console') return `the text “${rest}” on the console`;
  if (kind === 'port') return `TCP port ${rest} in the guest`;
  if (kind === 'marker') return `the line “nandu: mark ${rest}” on the console`;
  if (kind === 'command') return 'the start of its command';
  return kind === 'agent' ? 'the word of Nandu’s agent' : 'the word of Nandu’s init';
}
