/**
 * Owns the shapes of what QEMU sends: greeting, reply, event (docs/interop/qmp-spec).
 * Must never refuse members it does not know, because the specification lets QEMU add some.
 */
import { z } from 'zod';
import { protocolError } from './errors.ts';
import type { JsonObject } from './framing.ts';

/** QEMU's version as the greeting and `query-version` give it. */
export const versionSchema = z.object({
  qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }),
  /** The distributor's words, often empty. */
  package: z.string(),
});
export type QemuVersion = z.infer<typeof versionSchema>;

const greetingSchema = z.object({
  QMP: z.object({ version: versionSchema, capabilities: z.array(z.string()) }),
});

/** What QEMU says first. */
export type Greeting = z.infer<typeof greetingSchema>['QMP'];

const errorReplySchema = z.object({
  error: z.object({ class: z.string(), desc: z.string() }),
});

const eventSchema = z.object({
  event: z.string().min(1),
  data: z.record(z.string(), z.unknown()).default({}),
  timestamp: z.object({ seconds: z.number(), microseconds: z.number() }).optional(),
});

/** Something that happened in QEMU. */
export interface QmpEvent {
  /** As QEMU writes it, for example `SHUTDOWN`. */
  readonly event: string;
  /** Empty when the event carries none. */
  readonly data: Record<string, unknown>;
  /** Epoch milliseconds with their fraction (microseconds); null when QEMU could not get a clock. */
  readonly timestampMs: number | null;
}

/** The answer to one command. */
export type Reply =
  | { readonly id: unknown; readonly ok: true; readonly value: unknown }
  | {
      readonly id: unknown;
      readonly ok: false;
      readonly error: { readonly class: string; readonly desc: string };
    };

/** A message after the greeting. */
export type Incoming =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'event'; readonly event: QmpEvent };

/** @throws AppError `qmp_failed` when it is not a greeting. */
export function parseGreeting(message: JsonObject): Greeting {
  const parsed = greetingSchema.safeParse(message);
  if (!parsed.success) throw protocolError('it does not greet', { cause: parsed.error });
  return parsed.data.QMP;
}

/** @throws AppError `qmp_failed` when it is neither a reply nor an event. */
export function parseIncoming(message: JsonObject): Incoming {
  if (Object.hasOwn(message, 'return')) {
    return { kind: 'reply', reply: { id: message['id'], ok: true, value: message['return'] } };
  }
  if (Object.hasOwn(message, 'error')) {
    const parsed = errorReplySchema.safeParse(message);
    if (!parsed.success) throw protocolError('an error has no class', { cause: parsed.error });
    return { kind: 'reply', reply: { id: message['id'], ok: false, error: parsed.data.error } };
  }
  const parsed = eventSchema.safeParse(message);
  if (!parsed.success) {
    throw protocolError('a message is neither a reply nor an event', { cause: parsed.error });
  }
  const { event, data, timestamp } = parsed.data;
  return { kind: 'event', event: { event, data, timestampMs: epochMs(timestamp) } };
}

/** The specification has -1 in both members when the host's clock cannot be read. */
function epochMs(timestamp: { seconds: number; microseconds: number } | undefined): number | null {
  if (timestamp === undefined || timestamp.seconds < 0 || timestamp.microseconds < 0) return null;
  return timestamp.seconds * 1000 + timestamp.microseconds / 1000;
}
