/**
 * Proves the boot observatory: sums, clocks, the cost of measuring, the ratios that are demanded, the flooded console
 * and the lab. Prints one JSON object as its last line; exits 1 unless all of it holds.
 *
 * Usage: npm run accept -- boot [--only truth|boots|launch|console|lab] [--rounds N]
 */
import { parseArgs } from 'node:util';
import { benchBoots } from '../bench/boots.ts';
import { benchConsole } from '../bench/console.ts';
import { benchLaunch } from '../bench/launch.ts';
import { checkLab } from './boot/lab-check.ts';
import { checkTruth } from './boot/truth-check.ts';

/** What is demanded. */
const most = {
  sumErrorMs: 1,
  clockErrorMs: 20,
  nanduToRaw: 1.03,
  fastToLibvirt: 0.18,
  launchToEmpty: 1.5,
  echoP95Ms: 30,
} as const;
const leastMbPerS = 20;

const parts = ['truth', 'boots', 'launch', 'console', 'lab'] as const;
const { values } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '16' } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 2) throw new Error('--rounds is a whole number from 2.');
const wanted = (part: (typeof parts)[number]): boolean =>
  values.only === undefined || values.only === part;
if (!parts.some(wanted)) throw new Error(`--only is one of ${parts.join(', ')}.`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const truth = wanted('truth') ? await checkTruth(say) : null;
const boots = wanted('boots') ? await benchBoots(rounds, say) : null;
const launch = wanted('launch') ? await benchLaunch(rounds, say) : null;
const flood = wanted('console') ? await benchConsole(rounds, say) : null;
const lab = wanted('lab') ? await checkLab(say) : null;

const ratios = {
  nanduToRaw: boots?.nanduToRaw?.median ?? null,
  fastToLibvirt: boots?.fastToLibvirt?.median ?? null,
  launchToEmpty: launch?.launchToEmpty.median ?? null,
};
const drained = flood && {
  mbPerS: flood.mbPerS.median,
  echoP95Ms: flood.echoMs.p95,
  lostBytes: flood.lostBytes,
};
const failures = [
  ...(truth?.problems ?? []),
  ...(lab?.problems ?? []),
  ...(boots?.missing.map((missing) => `not measured: ${missing}`) ?? []),
  ...tooMuch('sumErrorMs', truth?.sumErrorMs),
  ...tooMuch('clockErrorMs', truth?.clockErrorMs),
  ...tooMuch('nanduToRaw', ratios.nanduToRaw),
  ...tooMuch('fastToLibvirt', ratios.fastToLibvirt),
  ...tooMuch('launchToEmpty', ratios.launchToEmpty),
  ...tooMuch('echoP95Ms', drained?.echoP95Ms),
  ...(drained && drained.mbPerS < leastMbPerS ? [`mbPerS ${drained.mbPerS} < ${leastMbPerS}`] : []),
  ...(drained && drained.lostBytes > 0 ? [`${drained.lostBytes} bytes lost`] : []),
];
for (const failure of failures) say(`FAILED: ${failure}`);

const result = {
  name: 'boot',
  // A part alone proves that part.
  ok: failures.length === 0 && values.only === undefined,
  sumErrorMs: truth?.sumErrorMs ?? null,
  clockErrorMs: truth?.clockErrorMs ?? null,
  measuringCostPercent: boots?.measuringCostPercent ?? null,
  ratios,
  console: drained,
  lab: lab && { variants: lab.variants, runs: lab.runs },
};
process.exitCode = failures.length === 0 ? 0 : 1;
say(JSON.stringify(result));

function tooMuch(name: keyof typeof most, value: number | null | undefined): string[] {
  if (value === null || value === undefined || value <= most[name]) return [];
  return [`${name} ${value} > ${most[name]}`];
}
