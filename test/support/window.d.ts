import type { NanduBridge } from '../../src/shared/index.ts';

declare global {
  /** The page as tests see it from inside `evaluate`. */
  interface Window {
    readonly nandu: NanduBridge;
  }
}
