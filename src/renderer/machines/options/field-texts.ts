/**
 * The fields that are typed: their values as text and back. What cannot be read becomes NaN, never a guess.
 * Pure; the bounds are the schema's.
 */
import {
  joinWords,
  splitWords,
  type InitrdChoice,
  type KernelChoice,
} from '../../../shared/index.ts';

interface TextForm {
  read(text: string): unknown;
  write(value: unknown): string;
  /** What to say when the text cannot be read, where the schema's words would not fit. */
  unreadable?: string;
}

const plain: TextForm = { read: (text) => text.trim(), write: String };
const verbatim: TextForm = { read: (text) => text, write: String };
const optional: TextForm = {
  read: (text) => (text.trim() === '' ? null : text.trim()),
  write: (value) => (value === null ? '' : String(value)),
};
const integer: TextForm = { read: readInteger, write: String };
const port: TextForm = { ...integer, unreadable: 'Give a port from 1 to 65535.' };
const optionalInteger: TextForm = {
  read: (text) => (text.trim() === '' ? null : readInteger(text)),
  write: (value) => (value === null ? '' : String(value)),
};
const seconds: TextForm = {
  read: (text) =>
    /^\d{1,6}([.,]\d{1,3})?$/.test(text.trim())
      ? Math.round(Number(text.trim().replace(',', '.')) * 1000)
      : Number.NaN,
  write: (value) => String(Number(value) / 1000),
  unreadable: 'Write a number of seconds, as in “5” or “0.5”.',
};
/** Nothing is the image's own command. */
const words: TextForm = {
  read: (text) => (text.trim() === '' ? null : (splitWords(text) ?? Number.NaN)),
  write: (value) => (value === null ? '' : joinWords(value as string[])),
  unreadable: 'A quotation mark is not closed.',
};
const kernel: TextForm = {
  read: readKernel,
  write: (value) =>
    (value as KernelChoice).kind === 'fast' ? 'fast' : filePath(value as KernelChoice),
};
const initrd: TextForm = {
  read: readInitrd,
  write: (value) =>
    (value as InitrdChoice).kind === 'none' ? 'none' : filePath(value as InitrdChoice),
};

/** The number in a text, or NaN. Only plain whole numbers: “1e3”, “0x10” and “12 MB” are typing mistakes. */
export function readInteger(text: string): number {
  return /^[+-]?\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
}

function readKernel(text: string): KernelChoice {
  const path = text.trim();
  if (path === '') return { kind: 'default' };
  return path.toLowerCase() === 'fast' ? { kind: 'fast' } : { kind: 'file', path };
}

function readInitrd(text: string): InitrdChoice {
  const path = text.trim();
  if (path === '') return { kind: 'default' };
  return path.toLowerCase() === 'none' ? { kind: 'none' } : { kind: 'file', path };
}

function filePath(choice: KernelChoice | InitrdChoice): string {
  return choice.kind === 'file' ? choice.path : '';
}

const optionalTexts = ['cpuModel', 'qemuPath', 'container.user', 'container.workingDirectory'];

function formOf(path: string): TextForm {
  if (path === 'notes' || /^container\.environment\.\d+\.value$/.test(path)) return verbatim;
  if (optionalTexts.includes(path)) return optional;
  if (path === 'container.entrypoint' || path === 'container.command') return words;
  if (path === 'container.diskMiB') return integer;
  if (/^portForwards\.\d+\.\w+Port$/.test(path)) return port;
  if (path === 'ready.port') return port;
  if (path === 'ready.text') return verbatim;
  if (['vcpus', 'memoryMiB', 'readyDeadlineSeconds'].includes(path)) return integer;
  if (path === 'kernel') return kernel;
  if (path === 'initrd') return initrd;
  if (path === 'devices.vsockCid' || path === 'lifetimeMinutes') return optionalInteger;
  if (path.startsWith('stopDeadlines.')) return seconds;
  if (/^disks\.\d+\.limits\./.test(path)) return integer;
  return plain;
}

/** What a text means as the value of the field at this path. */
export function readText(path: string, text: string): unknown {
  return formOf(path).read(text);
}

/** How the value of the field at this path is written. */
export function writeText(path: string, value: unknown): string {
  return Number.isNaN(value) || value === undefined ? '' : formOf(path).write(value);
}

/** The complaint about a text that cannot be read; undefined where the schema says it well. */
export function unreadable(path: string): string | undefined {
  return formOf(path).unreadable;
}
