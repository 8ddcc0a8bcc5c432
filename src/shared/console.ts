/**
 * The messages of a console stream, which flows over a MessagePort beside the request channels.
 * The page acknowledges what it has drawn; without credit it gets nothing and later a fresh replay.
 */
import { z } from 'zod';

/** Bytes a view may have outstanding before main stops sending to it (xterm.js flow-control guide). */
export const consoleCreditBytes = 512 * 1024;

/** The most of a console's past that a view is given, from a line's start. */
export const consoleReplayBytes = 1024 * 1024;

const terminalSide = z.int().min(1).max(1000);

export const fromViewSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('input'), data: z.string().max(1024 * 1024) }),
  z.strictObject({ type: z.literal('ack'), bytes: z.int().nonnegative() }),
  z.strictObject({ type: z.literal('size'), columns: terminalSide, rows: terminalSide }),
]);
export type FromView = z.infer<typeof fromViewSchema>;

/**
 * - `replay`: forget what is shown and draw this instead; `truncated` when older output is only in the log.
 *   Answers that the terminal gives while drawing a replay must not be sent as input.
 * - `data`: what the guest printed since. Both are raw bytes: UTF-8 may be split anywhere.
 * - `state`: whether input has somewhere to go.
 * - `ended`: a shell is over, and why; nothing follows. Never sent for a console.
 */
export type ToView =
  | { type: 'replay'; data: Uint8Array; truncated: boolean }
  | { type: 'data'; data: Uint8Array }
  | { type: 'state'; connected: boolean }
  | { type: 'ended'; exitCode: number | null; message: string };
