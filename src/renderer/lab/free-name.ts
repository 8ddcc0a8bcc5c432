/** Names that tell experiments and their variants apart. Pure. */
import { labLimits } from '../../shared/index.ts';

const numbered = / \(\d{1,6}\)$/;

/** The name, or where it is taken the first of “name (2)”, “name (3)” … that is not. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const unnumbered = name.replace(numbered, '');
  // “Debian (12)” is no twelfth copy where there is no “Debian”.
  const bare = taken.has(unnumbered) ? unnumbered : name;
  for (let number = 2; ; number++) {
    const suffix = ` (${number})`;
    const free = `${bare.slice(0, labLimits.nameLength - suffix.length)}${suffix}`;
    if (!taken.has(free)) return free;
  }
}
