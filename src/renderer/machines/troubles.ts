/**
 * What keeps a machine from going on, in words, and what a person can do about it.
 * Pure; who shows it where is not its business.
 */
import type { Container, MachineView } from '../../shared/index.ts';
import { imageTitle, shortDigest } from '../format/index.ts';

/** Why a guest is paused although nobody asked for it, and what to do; null where that is not so. */
export function holdOf({
  state,
  activity,
}: Pick<MachineView, 'state' | 'activity'>): { title: string; text: string } | null {
  if (state !== 'paused') return null;
  switch (activity) {
    case 'disk-error':
      return {
        title: 'Paused: a disk cannot be written or read',
        text: 'QEMU holds the guest so that nothing is lost. This computer’s disk is probably full: free some space there, then resume.',
      };
    case 'qemu-error':
      return {
        title: 'Paused: QEMU cannot go on with it',
        text: 'QEMU or KVM met something that it cannot do. Resume tries once more; otherwise stop the machine. The Logs tab has QEMU’s own words.',
      };
    case 'suspended':
      return {
        title: 'Paused by a signal from outside',
        text: 'Something on this computer has suspended QEMU (SIGSTOP). Resume wakes it.',
      };
    default:
      return null;
  }
}

/** What to do about an image that is not here. @param came the short digest of what came by its name in its place. */
export function missingImageText(
  { image, digest }: Pick<Container, 'image' | 'digest'>,
  came: string | null,
): string {
  const name = imageTitle(image);
  return came === null
    ? `“${name}” (${shortDigest(digest)}) was removed, or the definition comes from another computer. Pull it, then start.`
    : `“${name}” is another image by now: ${came} came, and this machine was made with ${shortDigest(digest)}.`;
}
