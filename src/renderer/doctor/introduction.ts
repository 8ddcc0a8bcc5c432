/**
 * The doctor's first call: once, at the first run, and only to somebody who is not busy.
 * Never covers what a person is doing: the first key or press, or any open dialog, keeps it closed.
 */
import type { SettingsStore } from '../settings/index.ts';
import type { DoctorStore } from './doctor-store.svelte.ts';
import { worthOpening } from './doctor-words.ts';

/** Long enough to see whether a person starts with something, and to leave the start alone. */
const calmMs = 2_000;

/** Examines the computer at the first run and opens the doctor when there is something to mend. */
export async function introduceDoctor(
  settings: SettingsStore,
  doctor: DoctorStore,
  open: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (!settings.loaded || settings.current.doctorSeen) return;
  let busy = false;
  const options = { capture: true, once: true, signal };
  for (const name of ['pointerdown', 'keydown'] as const) {
    window.addEventListener(name, () => (busy = true), options);
  }
  await new Promise((resolve) => setTimeout(resolve, calmMs));
  if (signal.aborted) return;
  const report = await doctor.run();
  if (!report || signal.aborted) return;
  const covered = document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;
  if (worthOpening(report) && !busy && !covered) open();
  await settings.change({ doctorSeen: true });
}
