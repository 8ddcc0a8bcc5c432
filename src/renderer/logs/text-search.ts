/**
 * Finds a text in a log's lines, whatever its case, and cuts the lines into blocks that draw quickly.
 * Pure: knows nothing of elements, and never looks further than `mostMatches`.
 */

/** A block is one piece of text in the page: few elements, and those out of sight cost nothing. */
export const blockLines = 100;

/** More would say nothing to a person and cost time to mark. */
export const mostMatches = 2_000;

export interface TextBlock {
  /** The number of its first line, from 0. */
  firstLine: number;
  lineCount: number;
  text: string;
}

/** Where in a block's text a match stands. */
export interface TextMatch {
  block: number;
  start: number;
  end: number;
}

/** The lines as blocks; each but the last ends with a line's end. */
export function toBlocks(lines: readonly string[]): TextBlock[] {
  const blocks: TextBlock[] = [];
  for (let firstLine = 0; firstLine < lines.length; firstLine += blockLines) {
    const part = lines.slice(firstLine, firstLine + blockLines);
    const isLast = firstLine + blockLines >= lines.length;
    blocks.push({
      firstLine,
      lineCount: part.length,
      text: part.join('\n') + (isLast ? '' : '\n'),
    });
  }
  return blocks;
}

/** The matches from the top, at most {@link mostMatches}; none for an empty text. */
export function findMatches(blocks: readonly TextBlock[], wanted: string): TextMatch[] {
  if (wanted === '') return [];
  // Case is folded by the expression and not by toLowerCase, which changes some texts' lengths.
  const pattern = new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`), 'giu');
  const matches: TextMatch[] = [];
  for (const [block, { text }] of blocks.entries()) {
    for (const found of text.matchAll(pattern)) {
      matches.push({ block, start: found.index, end: found.index + found[0].length });
      if (matches.length >= mostMatches) return matches;
    }
  }
  return matches;
}

const grouped = new Intl.NumberFormat('en-US');

/** “3 of 120”, “none”, “3 of 2,000+”; nothing while nothing is searched for. */
export function countText(wanted: string, index: number, count: number): string {
  if (wanted === '') return '';
  if (count === 0) return 'none';
  const more = count >= mostMatches ? '+' : '';
  return `${grouped.format(index + 1)} of ${grouped.format(count)}${more}`;
}
