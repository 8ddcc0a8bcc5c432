/** Whether a console's output stops where somebody is asked for something. Pure. */

/** What a shell waits with. A colon is none of them: a kernel's log is full of those. */
const promptEnds = ['# ', '$ ', '% ', '> '].map((text) => Buffer.from(text));

/** @param lastByte of what came before: the line delivers byte by byte, and the end may have come in two chunks. */
export function endsLikePrompt(chunk: Uint8Array, lastByte: number): boolean {
  const last = chunk.at(-1);
  const before = chunk.byteLength > 1 ? chunk.at(-2) : lastByte;
  return promptEnds.some(([sign, space]) => before === sign && last === space);
}
