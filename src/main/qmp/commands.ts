/**
 * Owns the table of QMP commands whose answers Nandu understands (QEMU's qapi/*.json).
 * Must never promise more than QEMU documents: a command that is not here goes through `executeRaw`.
 */
import { z } from 'zod';
import { versionSchema } from './messages.ts';

const names = z.array(z.object({ name: z.string() }));

/** For commands that answer `{}`; releases may put something in it that nobody asked for. */
const nothing = z.unknown().transform((): void => undefined);

const returns = {
  /** `status` is a RunState (qapi/run-state.json); new ones are added, so it is not closed. */
  'query-status': z.object({ status: z.string(), running: z.boolean() }),
  'query-uuid': z.object({ UUID: z.string() }),
  'query-version': versionSchema,
  'query-commands': names,
  'query-machines': names,
  'query-cpu-definitions': names,
  'query-command-line-options': z.array(z.object({ option: z.string() })),
  'qom-list-types': names,
  /** `state` is `unavailable` for an event that was compiled out; an unknown one is refused. */
  'trace-event-get-state': z.array(z.object({ name: z.string(), state: z.string() })),
  /** `frontend-open`: whether QEMU's side of it is in use, for a virtserialport by the guest. */
  'query-chardev': z.array(
    z.object({ label: z.string(), filename: z.string(), 'frontend-open': z.boolean() }),
  ),
  stop: nothing,
  cont: nothing,
  quit: nothing,
  system_powerdown: nothing,
  system_reset: nothing,
  /** What the human monitor prints; for the few things that QMP has no command for, such as hostfwd_add. */
  'human-monitor-command': z.string(),
  'qom-get': z.unknown(),
  'qom-set': nothing,
  netdev_add: nothing,
  netdev_del: nothing,
  'announce-self': nothing,
} as const;

/** Commands with arguments; all others are sent without any. */
interface Arguments {
  'human-monitor-command': { readonly 'command-line': string };
  'qom-get': { readonly path: string; readonly property: string };
  'qom-set': { readonly path: string; readonly property: string; readonly value: unknown };
  /** A Netdev (qapi/net.json): a type, and what that type takes. */
  netdev_add: { readonly type: string; readonly id: string } & Readonly<Record<string, unknown>>;
  netdev_del: { readonly id: string };
  /** Milliseconds, but for the rounds (AnnounceParameters). */
  'announce-self': Readonly<Record<'initial' | 'max' | 'rounds' | 'step', number>>;
  'qom-list-types': { readonly implements: string; readonly abstract: boolean };
  'trace-event-get-state': { readonly name: string };
}

export type CommandName = keyof typeof returns;
export type CommandArguments<Name extends CommandName> = Name extends keyof Arguments
  ? Arguments[Name]
  : undefined;
export type CommandReturn<Name extends CommandName> = z.output<(typeof returns)[Name]>;

/** Parses what a command of the table returned. */
export function parseReturn<Name extends CommandName>(
  command: Name,
  value: unknown,
): z.ZodSafeParseResult<CommandReturn<Name>> {
  // The table ties each name to its schema, which TypeScript cannot follow through an index.
  return (returns[command] as unknown as z.ZodType<CommandReturn<Name>>).safeParse(value);
}

/**
 * Whether the end of the connection is as good as an answer: "While every attempt is made to send
 * the QMP response before terminating, this is not guaranteed" (qapi/control.json, `quit`).
 */
export function isAnsweredByEnd(command: string): boolean {
  return command === 'quit';
}
