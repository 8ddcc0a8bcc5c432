/**
 * How a report is written: text that cannot become markup, numbers, and the page’s style.
 * Must never let through what a browser would take for a tag, nor name anything outside of the file.
 */

/** Control characters of a guest's console have no place in a page either. */
export function escape(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- those are what is taken out
      .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}

/** Milliseconds with one decimal; a dash where there is none. */
export function number(ms: number | null): string {
  return ms === null ? '–' : ms.toFixed(1);
}

/** The same with its sign, and a real minus. */
export function signedNumber(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${number(Math.abs(ms))}`;
}

/** Of the page. */
export const style = `
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { max-width: 880px; margin: 40px auto; padding: 0 20px; }
h1 { font-size: 24px; margin-bottom: 4px; } h2 { font-size: 16px; margin-top: 32px; } h3 { font-size: 14px; }
.quiet { opacity: .65; } table { border-collapse: collapse; } ul { padding-left: 18px; }
.bad { color: #c8442e; } @media (prefers-color-scheme: dark) { .bad { color: #ff8a75; } }
th, td { padding: 3px 18px 3px 0; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child, td.words { text-align: left; } tr + tr td { border-top: 1px solid #8883; }
td:first-child { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 10px 12px; border-radius: 6px; background: #8881; font-size: 12px; }
svg { width: 100%; margin-top: 16px; } svg text { font-size: 11px; fill: color-mix(in srgb, currentColor 70%, Canvas); paint-order: stroke; stroke: Canvas; stroke-width: 5px; }
.dot { fill: #17957a; fill-opacity: .55; } .ring { fill: none; stroke: #e0604a; stroke-width: 1.5; }
.median { stroke: currentColor; stroke-width: 2; } .grid { stroke: #8884; } .tick { text-anchor: middle; }
`;
