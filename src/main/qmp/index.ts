/**
 * The public file of the QMP room: sessions with a QEMU monitor.
 * Must never export what knows of machines; framing and bookkeeping stay inside.
 */
export type { CommandArguments, CommandName, CommandReturn } from './commands.ts';
export { connectWithRetry, type RetryOptions } from './connect-with-retry.ts';
export type { ConnectStage, EndReason } from './errors.ts';
export type { DefectListener, EventListener } from './event-hub.ts';
export type { Greeting, QemuVersion, QmpEvent } from './messages.ts';
export {
  QmpSession,
  type ConnectOptions,
  type ExecuteOptions,
  type SessionEnd,
} from './session.ts';
