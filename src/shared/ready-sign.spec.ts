import { expect, it } from 'vitest';
import type { ReadySign } from './machine-spec.ts';
import { defaultSpec } from './presets.ts';
import { readySignOf, sayReadySign } from './ready-sign.ts';

it('has a text of its own for each sign, with what it waits for', () => {
  const signs: ReadySign[] = [
    { kind: 'automatic' },
    { kind: 'console', text: 'login: ' },
    { kind: 'port', port: 80 },
    { kind: 'port', port: 8080 },
    { kind: 'marker', name: 'up' },
  ];
  expect(signs.map((ready) => readySignOf({ ...defaultSpec, ready }))).toEqual([
    ...['agent', 'console login: ', 'port 80', 'port 8080', 'marker up'],
  ]);
});

it('tells apart what “automatic” comes to', () => {
  const devices = { ...defaultSpec.devices, agent: false };
  expect(readySignOf({ ...defaultSpec, devices })).toBe('init');
  const container = { digest: 'x' } as unknown as NonNullable<typeof defaultSpec.container>;
  expect(readySignOf({ ...defaultSpec, container })).toBe('command');
});

it('says each of them in words, with all of what it waits for', () => {
  const said = ['console a b', 'port 80', 'marker up', 'command', 'agent', 'init', undefined];
  expect(said.map(sayReadySign)).toEqual([
    'the text “a b” on the console',
    'TCP port 80 in the guest',
    'the line “nandu: mark up” on the console',
    'the start of its command',
    'the word of Nandu’s agent',
    'the word of Nandu’s init',
    'a sign that was not recorded',
  ]);
});
