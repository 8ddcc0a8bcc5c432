/**
 * The one error family of both processes.
 * Free of zod, so that what runs before the window is there need not read that.
 */

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

export type ErrorCode = (typeof errorCodes)[number];

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
