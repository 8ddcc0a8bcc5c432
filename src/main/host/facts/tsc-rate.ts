/**
 * The rate of this computer's time stamp counter, which an emulated guest reads as if it were its own.
 * Must never hand on what the measuring program did not say in so many digits.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const deadlineMs = 2_000;
/** No processor of x86-64 counts slower or faster; what lies outside is no rate. */
const slowestKHz = 500_000;
const fastestKHz = 10_000_000;
/** Finer differences between two measurements are noise, and the command should be the same each time. */
const stepKHz = 100;

/**
 * @param program the compiled resources/host/tsc-rate.c.
 * @returns kHz, rounded to 100; null where it could not be measured.
 */
export async function measureTscKHz(program: string): Promise<number | null> {
  try {
    const { stdout } = await run(program, [], { timeout: deadlineMs, env: {} });
    return parseTscKHz(stdout);
  } catch {
    return null; // another processor, a file system without execution: guests then take a guess
  }
}

/** @returns kHz, rounded to 100; null for anything but one line with a plausible rate. */
export function parseTscKHz(text: string): number | null {
  if (!/^\d{6,8}\n?$/.test(text)) return null;
  const kHz = Math.round(Number(text) / stepKHz) * stepKHz;
  return kHz >= slowestKHz && kHz <= fastestKHz ? kHz : null;
}
