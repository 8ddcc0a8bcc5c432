import { expect, it } from 'vitest';
import type { Finding } from '../../../shared/index.ts';
import { messagesAt, type Said } from './field-messages.ts';

const finding = (level: Finding['level'], field: string, message: string): Finding => ({
  ...{ level, code: message, field, message, mend: null },
});
const said = (change: Partial<Said>): Said => ({
  errors: {},
  findings: [],
  refusal: null,
  ...change,
});
const texts = (all: Said, field: string, deep = true): string[] =>
  messagesAt(all, field, deep).map(({ level, text }) => `${level}: ${text}`);

const findings = [
  finding('warning', 'disks.0', 'slow'),
  finding('error', 'disks.0.path', 'gone'),
  finding('error', 'disks', 'many'),
  finding('error', 'kernel', 'none'),
];

it('finds what concerns a field or a part of it, errors first', () => {
  const all = said({ findings });
  expect(texts(all, 'disks')).toEqual(['error: gone', 'error: many', 'warning: slow']);
  expect(texts(all, 'disks', false)).toEqual(['error: many']);
  expect(texts(all, 'disks.0.path')).toEqual(['error: gone']);
  expect(texts(all, 'disks.1')).toEqual([]);
});

it('lets the schema speak first, for main saw an earlier value', () => {
  const all = said({ findings, errors: { 'kernel.path': 'Not absolute.' } });
  expect([texts(all, 'kernel'), texts(all, 'disks.0.path')]).toEqual([
    ['error: Not absolute.'],
    ['error: gone'],
  ]);
});

it('places a refusal at its field, once', () => {
  const refused = (message: string): string[] =>
    texts(said({ findings, refusal: { field: 'kernel', message } }), 'kernel');
  expect([refused('none'), refused('denied')]).toEqual([
    ['error: none'],
    ['error: denied', 'error: none'],
  ]);
  expect(texts(said({ refusal: { field: null, message: 'denied' } }), 'kernel')).toEqual([]);
});
