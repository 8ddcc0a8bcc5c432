/** The error of images that are damaged or hostile: one code, a sentence that says what is wrong with it. */
import { AppError } from '../../../shared/index.ts';

/** @param why ends the sentence “This image is refused: …”. */
export function refused(
  why: string,
  details: Record<string, unknown> = {},
  cause?: unknown,
): AppError {
  return new AppError(
    'image_refused',
    `This image is refused: ${why}. Nothing of it was kept. Choose another tag, or tell whoever made it.`,
    {
      details,
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
