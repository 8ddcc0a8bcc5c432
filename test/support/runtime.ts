/** Which Electron set-up prepared, and the environment that Nandu needs in it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const runtimeSchema = z.object({
  electron: z.string(),
  version: z.string(),
  kind: z.enum(['override', 'download', 'fallback']),
  sqliteBinding: z.string().nullable(),
  appArgument: z.string(),
});

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** @throws when set-up has not run. */
export function readRuntime(): z.infer<typeof runtimeSchema> {
  const path = process.env['NANDU_RUNTIME'] ?? `${projectRoot}/node_modules/.nandu/runtime.json`;
  return runtimeSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}
