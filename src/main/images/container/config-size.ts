/** How much an image may say of its command: no more than Linux would start and the agent's port would carry. */
import type { ImageConfig } from '../../../shared/index.ts';
import { refused } from './refusal.ts';

/** Linux takes no argument and no variable of this length, its NUL counted (execve(2), MAX_ARG_STRLEN). */
const tooLongBytes = 128 * 1024;
/** Linux would take 2 MiB with a usual stack; a person's own variables are to fit beside. */
const mostBytes = 1024 * 1024;

/** @throws AppError `image_refused` for an image whose command could never be started. */
export function assertConfigSize(config: ImageConfig): void {
  const parts: [string, readonly string[]][] = [
    ['a word of its command', [...config.entrypoint, ...config.command]],
    ['a variable of its environment', config.environment],
    ['its user', [config.user]],
    ['its working directory', [config.workingDirectory]],
    ['one of its ports', config.exposedPorts],
  ];
  let total = 0;
  for (const [what, texts] of parts) {
    for (const text of texts) {
      const bytes = Buffer.byteLength(text);
      total += bytes;
      if (bytes < tooLongBytes) continue;
      throw refused(`${what} is longer than the 128 KiB that Linux allows`, { bytes });
    }
  }
  if (total <= mostBytes) return;
  throw refused('its command and environment together have more than 1 MiB', { bytes: total });
}
