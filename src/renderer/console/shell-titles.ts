/** What the terminals of a container are called. Pure; a name never means another one than a moment ago. */

/** As far as a title goes before it is cut; the whole is in the tooltip. */
const longest = 24;

/** The program's own name: `/bin/sh -c ls` is “sh”. Empty for a shell. */
function programName(words: readonly string[]): string {
  const program = words[0] ?? '';
  const name = program.slice(program.lastIndexOf('/') + 1) || program;
  return name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
}

/** “Shell 3”, “top”, “top 2”: numbered on from the highest that is open. */
export function shellTitle(words: readonly string[], open: readonly string[]): string {
  const base = words.length === 0 ? 'Shell' : programName(words);
  const numbers = open.map((title) => {
    if (title === base) return 1;
    const end = title.startsWith(`${base} `) ? title.slice(base.length + 1) : '';
    return /^\d+$/.test(end) ? Number(end) : 0;
  });
  const next = 1 + Math.max(0, ...numbers);
  return words.length > 0 && next === 1 ? base : `${base} ${next}`;
}
