/** What a terminal's output says, without what it does to a terminal. Pure. */

/** Text as a log viewer would show it: without escape sequences and other control characters. */
export function plainText(text: string): string {
  return (
    text
      // ECMA-48: CSI … final, OSC … BEL or ST, and two-character escapes.
      // eslint-disable-next-line no-control-regex -- control characters are what this removes
      .replaceAll(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g, '')
      // eslint-disable-next-line no-control-regex -- as above
      .replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '')
  );
}

/** The last lines of an output's end that say anything, fewer where it has not so many. */
export function lastLines(output: Uint8Array, count: number): string[] {
  const end = output.subarray(Math.max(0, output.byteLength - 64 * 1024));
  return plainText(Buffer.from(end).toString())
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}
