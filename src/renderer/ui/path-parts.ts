/**
 * Shortens a path to what a narrow place has room for: folders go from the left, the file's name stays.
 * Pure; counts characters of a fixed pitch and knows nothing of fonts.
 */

/** A place after which a path may break: a folder, or a word of a file's name. */
const chunk = /[^/\-_]*[/\-_]+|[^/\-_]+/g;

/** The pieces of a text at whose ends a line may break. */
export function breakable(text: string): string[] {
  return text.match(chunk) ?? [];
}

/** How many lines a text takes. @param columns characters in a line */
export function lineCount(text: string, columns: number): number {
  let lines = 1;
  let used = 0;
  for (const { length } of breakable(text)) {
    if (used > 0 && used + length > columns) {
      lines += 1;
      used = 0;
    }
    // A piece that is too long for a line of its own is broken anywhere.
    const over = Math.max(0, Math.ceil((used + length) / columns) - 1);
    lines += over;
    used = used + length - over * columns;
  }
  return lines;
}

/** The path, or “…/” with as many of its last folders as cost no line more than its name alone. */
export function shortPath(path: string, columns: number): string {
  const parts = path.split('/');
  const least = `…/${parts.at(-1) ?? ''}`;
  if (columns < 1 || lineCount(path, columns) <= lineCount(least, columns)) return path;
  // The first part of an absolute path is empty, and “…/” never stands for it alone.
  for (let from = parts[0] === '' ? 2 : 1; from < parts.length; from += 1) {
    const text = `…/${parts.slice(from).join('/')}`;
    if (lineCount(text, columns) <= lineCount(least, columns)) return text;
  }
  return path;
}
