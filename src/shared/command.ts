/** The command that a machine's next start would run, as the window shows it. */
import { z } from 'zod';

export const commandPreviewSchema = z.object({
  argv: z.array(z.string()),
  /** A POSIX shell script that boots the same machine without Nandu, its console on the terminal. */
  script: z.string(),
  /** Against the last run, option by option; null when it never ran. */
  difference: z
    .object({
      runNumber: z.number(),
      lines: z.array(z.object({ change: z.enum(['same', 'added', 'removed']), text: z.string() })),
    })
    .nullable(),
});
export type CommandPreview = z.infer<typeof commandPreviewSchema>;
