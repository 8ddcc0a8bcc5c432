/**
 * What is said at a field: the schema's complaints, main's findings, and its refusal of the last save.
 * Pure; repeats nothing.
 */
import type { Finding } from '../../../shared/index.ts';
import { covers } from './field-paths.ts';

export interface Message {
  level: Finding['level'];
  text: string;
  mend: Finding['mend'];
}

/** Main's refusal of the last save; `field` is null when it is about none. */
export interface Refusal {
  field: string | null;
  message: string;
}

/** All that was said about a definition. */
export interface Said {
  errors: Readonly<Record<string, string>>;
  findings: readonly Finding[];
  refusal: Refusal | null;
}

/**
 * The messages at a field, errors first; with `deep` also those about a part of it. Where the schema
 * complains, main has not seen the value: what it said about an earlier one is left out.
 */
export function messagesAt(
  { errors, findings, refusal }: Said,
  field: string,
  deep: boolean,
): Message[] {
  const here = (path: string): boolean => path === field || (deep && covers(field, path));
  const [own] = Object.entries(errors).filter(([path]) => here(path));
  if (own) return [{ level: 'error', text: own[1], mend: null }];
  const messages = findings
    .filter((finding) => here(finding.field))
    .map(({ level, message, mend }): Message => ({ level, text: message, mend }));
  const refused = refusal !== null && refusal.field !== null && here(refusal.field);
  if (refused && messages.every(({ text }) => text !== refusal.message)) {
    messages.unshift({ level: 'error', text: refusal.message, mend: null });
  }
  return messages.sort((a, b) => Number(a.level !== 'error') - Number(b.level !== 'error'));
}
