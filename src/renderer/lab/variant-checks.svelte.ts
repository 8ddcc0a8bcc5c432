/**
 * What main says against variants that are ticked, so that nobody waits for boots that cannot be.
 * Never keeps anybody from trying: the lab reports what fails.
 */
import { SvelteMap } from 'svelte/reactivity';
import { bootedSpecOf, type LabVariant } from '../../shared/index.ts';
import { request } from '../api/index.ts';
import { secretsProblem } from './draft-plan.ts';

/** Left out by the lab, or a matter of the machine as a person's. */
const ofNoAccount = /^(portForwards|lifetimeMinutes|name)/;

/** By definition and by whose secrets it has, as runes. */
export class VariantChecks {
  /** Null where nothing speaks against it, and while main has not answered. */
  readonly #found = new SvelteMap<string, string | null>();

  /** Why this variant would not start; null where that is not known. */
  problemOf({ variant }: { readonly variant: LabVariant }): string | null {
    return secretsProblem(variant) ?? this.#found.get(keyOf(variant)) ?? null;
  }

  /** Asks about those that were not asked about before. */
  look(entries: readonly { readonly variant: LabVariant }[]): void {
    for (const { variant } of entries) {
      const key = keyOf(variant);
      if (this.#found.has(key)) continue;
      this.#found.set(key, null);
      void this.#ask(key, variant);
    }
  }

  async #ask(key: string, variant: LabVariant): Promise<void> {
    // As the lab boots it: main knows of no board but microvm's.
    const asked = { spec: bootedSpecOf(variant), id: variant.machineId ?? null };
    // Should main not answer, the boot will say it.
    const findings = await request('machine:check', asked).catch(() => []);
    const wrong = findings.find(
      ({ level, field }) => level === 'error' && !ofNoAccount.test(field),
    );
    if (wrong) this.#found.set(key, wrong.message);
  }
}

function keyOf(variant: LabVariant): string {
  return JSON.stringify([bootedSpecOf(variant), variant.machineId]);
}
