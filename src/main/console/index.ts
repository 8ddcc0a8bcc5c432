/** The console room: drains serial lines and feeds views. */
export { ConsoleHub, plainText, type OutputListener, type ViewHandle } from './console-hub.ts';
export type { ViewSink } from './console-view.ts';
export { maxLogBytes, readLog, rotateLog, saveLog } from './log-files.ts';
