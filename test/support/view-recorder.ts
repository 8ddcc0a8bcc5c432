/** A console's view that keeps all that it was sent. */
import type { ToView } from '../../src/shared/index.ts';

export class ViewRecorder {
  readonly messages: ToView[] = [];
  post(message: ToView): void {
    this.messages.push(message);
  }
  get shown(): string {
    return this.messages.map((m) => ('data' in m ? Buffer.from(m.data).toString() : '')).join('');
  }
  count(type: ToView['type']): number {
    return this.messages.filter((message) => message.type === type).length;
  }
}
