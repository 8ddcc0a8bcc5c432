export { asAppError, request, subscribe } from './client.ts';
export { openConsoleStream } from './console-stream.ts';
export type { ConsoleListener, ConsoleSource, ConsoleStream } from './console-stream.ts';
export { pickFile } from './pick-file.ts';
