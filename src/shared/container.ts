/**
 * A machine that runs a container image: which image, which command, and what crosses the boundary.
 * Values of secrets never stand here: a definition has their names alone.
 */
import { z } from 'zod';

export const containerLimits = {
  words: 256,
  wordLength: 32_768,
  variables: 256,
  folders: 8,
  minDiskMiB: 64,
  maxDiskMiB: 4 * 1024 * 1024,
} as const;

/** As a registry names an image: by the digest of its manifest. */
export const imageDigestSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'A digest is “sha256:” and 64 hexadecimal digits.');
export type ImageDigest = z.infer<typeof imageDigestSchema>;

const byteLength = (value: string): number => new TextEncoder().encode(value).byteLength;

const text = (most: number): z.ZodString =>
  z
    .string()
    .max(most, `Use at most ${most} characters.`)
    // Linux counts bytes, and takes no argument or variable above 128 KiB (execve(2), MAX_ARG_STRLEN).
    .refine((value) => value.length < 30_000 || byteLength(value) < 131_072, 'That is too long.')
    .refine((value) => !value.includes('\0'), 'It cannot contain a NUL character.');

/** A command line in words. */
export const wordsSchema = z
  .array(text(containerLimits.wordLength))
  .max(containerLimits.words, `Use at most ${containerLimits.words} words.`);

/** Any name that a program can be given; shells take only letters, digits and underscores (POSIX 8.1). */
export const variableNameSchema = text(256)
  .min(1, 'Give the variable a name.')
  .regex(/^[^=\s]+$/, 'A variable’s name has neither blanks nor “=”.');

export const variableSchema = z.strictObject({ name: variableNameSchema, value: text(131_072) });
export type Variable = z.infer<typeof variableSchema>;

/** What the guest itself mounts there would be hidden. */
const ownFolders = /^\/+(?:proc|sys|dev)(?:\/|$)|^\/+$/;

const guestPathSchema = text(4096)
  .regex(/^\//, 'Give an absolute path in the guest, like “/data”.')
  .refine(
    (path) => path.split('/').every((part) => part !== '..' && part !== '.'),
    'Write the path without “.” and “..”.',
  );

/** The largest number that Linux knows for a user or a group; the next one means “none” (chown(2)). */
const maxUserNumber = 0xfffffffe;

const isUserPart = (part: string): boolean =>
  /^\d+$/.test(part) ? Number(part) <= maxUserNumber : /^[^\s:+-][^\s:]*$/.test(part);

const userSchema = text(256).refine((user) => {
  const parts = user.split(':');
  return parts.length <= 2 && parts.every(isUserPart);
}, 'Write a user as in “nobody”, “1000” or “1000:1000”.');

/** A folder of this computer that the guest sees. */
export const folderSchema = z.strictObject({
  hostPath: text(4096).regex(/^\//, 'Give the absolute path of a folder.'),
  guestPath: guestPathSchema.refine(
    (path) => !ownFolders.test(path),
    'The guest needs /, /proc, /sys and /dev for itself.',
  ),
  readOnly: z.boolean(),
});
export type Folder = z.infer<typeof folderSchema>;

export const containerSchema = z
  .strictObject({
    /** As it was asked for, for people: `docker://docker.io/library/alpine:latest`. */
    image: text(1024).min(1, 'Give the name of an image.'),
    digest: imageDigestSchema,
    /** Null for the image's own. */
    entrypoint: wordsSchema.nullable(),
    /** Null for the image's own. */
    command: wordsSchema.nullable(),
    /** Added to the image's own, and in place of them where the name is the same. */
    environment: z
      .array(variableSchema)
      .max(containerLimits.variables, `Use at most ${containerLimits.variables} variables.`),
    /** Names of variables whose values are kept encrypted, beside the definition. */
    secrets: z.array(variableNameSchema).max(containerLimits.variables),
    /** As `user`, `uid`, `user:group`; null for the image's own. */
    user: userSchema.nullable(),
    workingDirectory: guestPathSchema.nullable(),
    /** Where what is written goes: `memory` is gone with the run, `disk` is kept. */
    storage: z.enum(['memory', 'disk']),
    /** How large the kept disk may grow; it takes up only what is written to it. */
    diskMiB: z
      .int('Use a whole number of MiB.')
      .min(containerLimits.minDiskMiB, `Give the disk at least ${containerLimits.minDiskMiB} MiB.`)
      .max(containerLimits.maxDiskMiB, 'At most 4 TiB.'),
    folders: z
      .array(folderSchema)
      .max(containerLimits.folders, `At most ${containerLimits.folders}.`),
    /** Whether the machine is deleted with all of its traces when it ends. */
    runOnce: z.boolean(),
  })
  .superRefine(({ environment, secrets }, context) => {
    const names = [...environment.map(({ name }) => name), ...secrets];
    names.forEach((name, at) => {
      if (names.indexOf(name) === at) return;
      const inList = at - environment.length;
      context.addIssue({
        code: 'custom',
        path: inList < 0 ? ['environment', at, 'name'] : ['secrets', inList],
        message: `“${name}” is set twice.`,
      });
    });
  });
export type Container = z.infer<typeof containerSchema>;

/** What the form starts with, but for the image. */
export const defaultContainer: Omit<Container, 'image' | 'digest'> = {
  entrypoint: null,
  command: null,
  environment: [],
  secrets: [],
  user: null,
  workingDirectory: null,
  storage: 'memory',
  diskMiB: 8 * 1024,
  folders: [],
  runOnce: false,
};

/**
 * A command line as people type it into words: blanks part them, quotes and backslashes keep them (POSIX 2.2).
 * Nothing is expanded. @returns null where a quote is not closed.
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (quote === null && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === null && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) {
      quote = null;
    } else if (character === '\\' && quote !== "'" && at + 1 < line.length) {
      const next = line.charAt(at + 1);
      // Between double quotes a backslash keeps only these from being special.
      const kept = quote === null || '$`"\\\n'.includes(next);
      word = (word ?? '') + (kept ? next : `\\${next}`);
      at += 1;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== null) return null;
  if (word !== null) words.push(word);
  return words;
}

/** The line that {@link splitWords} reads back as these words. */
export function joinWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
