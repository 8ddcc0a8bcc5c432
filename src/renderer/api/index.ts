export { asAppError, request, subscribe } from './client.ts';
export { openConsoleStream } from './console-stream.ts';
export type { ConsoleListener, ConsoleStream } from './console-stream.ts';
