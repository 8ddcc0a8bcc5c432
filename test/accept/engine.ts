/**
 * Proves the whole microvm machine and its lifecycle: every option and preset booted, the copied script
 * booted, every fault survived, nothing leaked over many cycles, machines adopted, the app idle at rest.
 * Prints one JSON object as its last line; exits 1 unless all of it holds. Takes about 20 minutes.
 *
 * Usage: npm run accept -- engine [--only options|script|faults|adoption|cycles|filter|qmp]
 */
import { faults } from '../support/faults.ts';
import { qmpStorm } from '../support/qmp-storm.ts';
import { bootByScript } from '../support/script-boot.ts';
import { Services, withDataDirectory } from '../support/services.ts';
import { bootOptions, bootPresets } from './engine/options.ts';
import { adoptFakes, cycles, filterLongList, idleWithRealMachines } from './engine/window.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const parts = ['options', 'script', 'faults', 'adoption', 'cycles', 'filter', 'qmp'] as const;
type Part = (typeof parts)[number];

const [option, only] = process.argv.slice(2);
if (option !== undefined && (option !== '--only' || !parts.includes(only as Part))) {
  throw new Error(`Usage: npm run accept -- engine [--only ${parts.join('|')}]`);
}
const wanted = (part: Part): boolean => only === undefined || only === part;

const result: Record<string, unknown> = {};
const failures: string[] = [];
const hold = (name: string, holds: boolean): void => void (holds || failures.push(name));

if (wanted('options')) {
  const { optionsFailed, ...options } = await bootOptions(say);
  Object.assign(result, options, { optionsFailed });
  hold('options', optionsFailed.length === 0);
  result['presets'] = await bootPresets(say);
}
if (wanted('script')) {
  result['scriptBooted'] = await bootScript();
  hold('script', result['scriptBooted'] === true);
}
if (wanted('faults')) result['faults'] = await surviveFaults();
if (wanted('adoption')) {
  const fakes = await adoptFakes(50, say);
  const idle = await idleWithRealMachines(20, 30, say);
  result['adopted'] = fakes.adopted;
  result['adoptedMs'] = Math.round(fakes.durationMs);
  result['adoptedReal'] = idle.adopted;
  result['adoptedRealMs'] = Math.round(idle.adoptionMs);
  result['idleCpuPercent'] = Math.round(idle.cpuPercent * 100) / 100;
  hold('adoption', fakes.adopted === 50 && idle.adopted === 20);
  hold('adoption within 2 s', fakes.durationMs < 2_000);
  hold('idle load below 2 %', idle.cpuPercent < 2);
}
if (wanted('cycles')) {
  const cycled = await cycles(1_000, 50, say);
  result['cycles'] = cycled;
  hold('cycles', !cycled.leaked);
}
if (wanted('filter')) {
  const filter = await filterLongList(500, say);
  result['filter'] = filter;
  hold('filter within 50 ms', filter.medianMs < 50);
}
if (wanted('qmp')) {
  const storm = await qmpStorm(1_000_000);
  result['qmp'] = storm;
  hold('qmp', storm.stranded === 0);
}

const ok = failures.length === 0;
if (!ok) say(`does not hold: ${failures.join(', ')}`);
say(JSON.stringify({ name: 'engine', ok, ...(only === undefined ? {} : { only }), ...result }));
process.exitCode = ok ? 0 : 1;

/** Runs the Command tab's script in a shell, with its console on the script's own input and output. */
async function bootScript(): Promise<boolean> {
  return withDataDirectory(async (path) => {
    const services = await Services.open(path);
    try {
      const { id } = await services.manager.create(services.spec({ quietKernel: true }));
      const { script } = await services.manager.command(id);
      const { code, output } = await bootByScript(script);
      return code === 0 && output.includes('script-42');
    } finally {
      await services.close();
    }
  });
}

async function surviveFaults(): Promise<{ fault: string; survived: boolean }[]> {
  const outcomes: { fault: string; survived: boolean; error?: string }[] = [];
  for (const { name, survive } of faults) {
    const startedAt = performance.now();
    const error = await survive().then(
      () => null,
      (thrown: unknown) => String(thrown),
    );
    outcomes.push({ fault: name, survived: error === null, ...(error === null ? {} : { error }) });
    hold(name, error === null);
    say(`${name}: ${error ?? 'survived'} (${Math.round(performance.now() - startedAt)} ms)`);
  }
  return outcomes;
}
