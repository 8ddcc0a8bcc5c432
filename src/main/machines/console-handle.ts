/** What a view of the window can do with a console or a shell. */
import type { ViewHandle } from '../console/index.ts';

/** A view that may also say how large it is. */
export interface ConsoleHandle extends ViewHandle {
  resize(columns: number, rows: number): void;
}
