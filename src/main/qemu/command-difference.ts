/** Compares two commands option by option, as a person reads them. Pure. */
import { diffArrays } from 'diff';
import type { CommandPreview } from '../../shared/index.ts';

type Lines = NonNullable<CommandPreview['difference']>['lines'];

/** Options that Nandu uses and that take no value. */
const flags: ReadonlySet<string> = new Set(['-nodefaults', '-no-user-config', '-no-reboot', '-S']);

/** A command as lines: the program, then an option with its value each. */
export function optionLines(argv: readonly string[]): string[] {
  const [program = '', ...words] = argv;
  const lines = [program];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const value = flags.has(word) ? undefined : words[index + 1];
    lines.push(value === undefined ? word : `${word} ${value}`);
    if (value !== undefined) index += 1;
  }
  return lines;
}

/**
 * @param formerId, nextId the runs' ids, which are part of their folders' names and no difference.
 */
export function commandDifference(
  former: { readonly argv: readonly string[]; readonly runId: string },
  next: { readonly argv: readonly string[]; readonly runId: string },
): Lines {
  const plain = ({ argv, runId }: { argv: readonly string[]; runId: string }): string[] =>
    optionLines(argv).map((line) => line.replaceAll(runId, 'RUN'));
  return diffArrays(plain(former), plain(next)).flatMap(({ value, added, removed }) =>
    value.map((text) => ({
      change: added ? ('added' as const) : removed ? ('removed' as const) : ('same' as const),
      text,
    })),
  );
}
