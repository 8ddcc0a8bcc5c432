/** The runes are compiled as the window compiles them: vitest alone does not know them. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { createServer } from 'vite';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { Finding, LabVariant, MachineSpec } from '../../shared/index.ts';
import { sampleSpec } from './sample-host.ts';
import type { VariantChecks } from './variant-checks.svelte.ts';

let server: Awaited<ReturnType<typeof createServer>>;
let Checks: typeof VariantChecks;
beforeAll(async () => {
  server = await createServer({
    ...{ configFile: false, appType: 'custom', logLevel: 'error', root: import.meta.dirname },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    plugins: [svelte({ configFile: false })],
  });
  const module = await server.ssrLoadModule('/variant-checks.svelte.ts');
  ({ VariantChecks: Checks } = module as { VariantChecks: typeof VariantChecks });
}, 60_000);
afterAll(() => server.close());

it('asks about the yardstick too, as it is booted: on a board that has all', async () => {
  const asked: MachineSpec[] = [];
  const answer = ({ board, memoryMiB }: MachineSpec): Finding[] => [
    ...(board.acpi ? [] : [refusal('board.acpi', 'It would see no devices.')]),
    ...(memoryMiB > 256 ? [refusal('memoryMiB', 'There is not as much.')] : []),
  ];
  vi.stubGlobal('window', {
    nandu: {
      invoke: (_name: string, { spec }: { spec: MachineSpec }) => {
        asked.push(spec);
        return Promise.resolve({ ok: true, value: answer(spec) });
      },
    },
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const bare = { ...sampleSpec, board: { ...sampleSpec.board, acpi: false } };
  const variants: LabVariant[] = [
    { name: 'bare', board: 'microvm', spec: bare },
    { name: 'q35', board: 'q35', spec: bare },
    { name: 'large q35', board: 'q35', spec: { ...bare, memoryMiB: 512 } },
  ];
  const checks = new Checks();
  checks.look(variants.map((variant) => ({ variant })));
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  const problems = (): (string | null)[] =>
    variants.map((variant) => checks.problemOf({ variant }));
  await vi.waitFor(() =>
    expect(problems()).toEqual(['It would see no devices.', null, 'There is not as much.']),
  );
  // Nothing is asked twice.
  checks.look(variants.map((variant) => ({ variant })));
  expect(asked).toHaveLength(3);
});

function refusal(field: string, message: string): Finding {
  return { level: 'error', code: 'x', field, message, mend: null };
}
