/** The console room: drains serial lines and feeds views. */
export { ConsoleHub, type ViewHandle } from './console-hub.ts';
export type { ViewSink } from './console-view.ts';
export { logSize } from './log-end.ts';
export type { ConsoleLog } from './output-feed.ts';
export { plainText } from './plain-text.ts';
export { maxLogBytes, readLog, rotateLog, saveLog, type LogReader } from './log-files.ts';
