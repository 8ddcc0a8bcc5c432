/**
 * What to say of an import that ended while no dialog showed it.
 * Pure; never speaks of one that the person cancelled.
 */
import type { ImportProgress } from '../../shared/index.ts';
import type { Toast } from '../ui/index.ts';
import { imageTitle, sourceOf } from '../format/index.ts';

/** How the keys of all of these notices begin. */
export const importNoticePrefix = 'import-of:';

/** The notice, or null where there is nothing to say. */
export function importNotice({
  importId,
  image,
  step,
  error,
}: ImportProgress): Omit<Toast, 'action'> | null {
  const about = {
    key: `${importNoticePrefix}${importId}`,
    subject: imageTitle(sourceOf(image) ?? image),
  };
  if (step === 'done') return { ...about, tone: 'info', title: 'is here', text: 'It can be run.' };
  if (step !== 'failed') return null;
  return { ...about, tone: 'bad', title: 'did not come', text: error?.message ?? '' };
}
