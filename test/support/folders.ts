/** Temporary folders of tests. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder whose sockets' paths stay short enough for Linux. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'nandu-'));
}
