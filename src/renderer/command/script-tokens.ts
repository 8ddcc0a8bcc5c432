/**
 * Splits a shell script into words for light colouring.
 * Pure and lossless: the tokens' texts, joined, are the script; a strange script is only coloured less.
 */

/**
 * - `option`: a word that starts with a dash.
 * - `key`: what stands before `=` in `-M microvm,acpi=on`.
 * - `string`: quoted text. `variable`: `$NAME` or the name in `NAME=value`.
 * - `mark`: a line's closing backslash, separators.
 */
export type TokenKind = 'plain' | 'option' | 'key' | 'string' | 'variable' | 'comment' | 'mark';

export interface Token {
  kind: TokenKind;
  text: string;
}

/** In the order in which they are tried; each matches from the present place only. */
const atWordStart: readonly [TokenKind, RegExp][] = [
  ['comment', /#.*/y],
  ['option', /--?[A-Za-z][\w-]*/y],
  ['variable', /[A-Za-z_]\w*(?==)/y],
];

const anywhere: readonly [TokenKind, RegExp][] = [
  ['mark', /\\$/y],
  ['variable', /\$(?:\{[^}]*\}|\w+|[@*#?$!-])/y],
  ['string', /'[^']*'?/y],
  ['string', /"(?:\\.|[^"\\])*"?/y],
  ['plain', /\s+/y],
  ['mark', /[,;|&()=]/y],
  ['key', /[A-Za-z_][\w.-]*(?==)/y],
  ['plain', /(?:\\.|[^\s,;|&()='"$\\])+/y],
];

/** A script's lines, each as its tokens. */
export function tokenize(script: string): Token[][] {
  return script.split('\n').map(tokenizeLine);
}

/** One line's tokens; a quote that stays open ends with its line. */
export function tokenizeLine(line: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    const wordStart = at === 0 || /\s/.test(line.charAt(at - 1));
    const token = match(line, at, wordStart ? [...atWordStart, ...anywhere] : anywhere) ?? {
      kind: 'plain' as const,
      text: line.charAt(at),
    };
    const last = tokens.at(-1);
    if (last?.kind === token.kind) last.text += token.text;
    else tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function match(
  line: string,
  at: number,
  patterns: readonly [TokenKind, RegExp][],
): Token | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(line)?.[0];
    if (text) return { kind, text };
  }
  return undefined;
}
