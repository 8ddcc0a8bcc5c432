/**
 * How the error family crosses between the processes as data.
 * Never carries a live object across: only a stable code, a sentence for a person and plain details.
 */
import { z } from 'zod';
import { AppError, errorCodes } from './app-error.ts';

export const errorCodeSchema = z.enum(errorCodes);

/** What an {@link AppError} looks like on the other side of IPC or in the database. */
export const errorDataSchema = z.object({
  code: errorCodeSchema,
  /** One or two sentences for a person: what happened and what to do. */
  message: z.string(),
  /** Plain data. `field` names the input at fault, `log` holds QEMU's last lines, `argv` the command. */
  details: z.record(z.string(), z.unknown()),
});
export type ErrorData = z.infer<typeof errorDataSchema>;

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
