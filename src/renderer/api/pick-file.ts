/** The desktop's own file dialog, as main shows it. Never reads a file itself. */
import type { RequestInput } from '../../shared/index.ts';
import { asAppError, request } from './client.ts';

/** What becomes of it. */
export interface FilePicked {
  /** The absolute path; not called when the person chose none. */
  onpick: (path: string) => void;
  /** Why the dialog could not be shown; undefined once it could. */
  onfailure: (message: string | undefined) => void;
}

/** Resolves when the dialog is closed; never rejects. */
export async function pickFile(
  purpose: RequestInput<'dialog:pick-file'>['purpose'],
  { onpick, onfailure }: FilePicked,
): Promise<void> {
  onfailure(undefined);
  try {
    const picked = await request('dialog:pick-file', { purpose });
    if (picked !== null) onpick(picked);
  } catch (thrown) {
    onfailure(asAppError(thrown).message);
  }
}
