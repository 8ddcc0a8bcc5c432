/**
 * The one error family of both processes and how it crosses between them as data.
 * Never carries a live object across: only a stable code, a sentence for a person and plain details.
 */
import { z } from 'zod';

/** Every code a caller may switch on. Append only: the renderer and stored runs rely on them. */
export const errorCodes = [
  'invalid_input',
  'not_found',
  'name_taken',
  'illegal_state',
  'qemu_missing',
  'qemu_failed',
  'qemu_timeout',
  'qmp_failed',
  'kernel_missing',
  'kernel_unreadable',
  'not_a_kernel',
  'initrd_missing',
  'initrd_unreadable',
  'guest_missing',
  'tool_missing',
  'not_enough_memory',
  'socket_path_too_long',
  'disk_full',
  'permission_denied',
  'database_newer',
  'cancelled',
  'unsupported',
  'file_missing',
  'file_unreadable',
  'format_newer',
  'database_busy',
  'guest_panicked',
  'image_refused',
  'wrong_architecture',
  'image_unknown',
  'registry_denied',
  'registry_unreachable',
  'registry_insecure',
  'image_in_use',
  'image_missing',
  'no_command',
  'command_failed',
  'port_taken',
  'network_unavailable',
  'secret_missing',
  'registry_untrusted',
  'folder_unavailable',
  'folder_lost',
  'internal',
] as const;

export const errorCodeSchema = z.enum(errorCodes);
export type ErrorCode = (typeof errorCodes)[number];

/** What an {@link AppError} looks like on the other side of IPC or in the database. */
export const errorDataSchema = z.object({
  code: errorCodeSchema,
  /** One or two sentences for a person: what happened and what to do. */
  message: z.string(),
  /** Plain data. `field` names the input at fault, `log` holds QEMU's last lines, `argv` the command. */
  details: z.record(z.string(), z.unknown()),
});
export type ErrorData = z.infer<typeof errorDataSchema>;

/** The base of every expected failure. Anything else that is thrown is a defect and crosses as `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Turns whatever was thrown into data that may leave the process. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, details: error.details };
  }
  return {
    code: 'internal',
    message: `Something unexpected went wrong: ${error instanceof Error ? error.message : String(error)}`,
    details: {},
  };
}
