import type { NanduBridge } from '../../shared/index.ts';

declare global {
  interface Window {
    readonly nandu: NanduBridge;
  }
}
