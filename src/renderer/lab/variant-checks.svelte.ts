/**
 * What main says against variants that are ticked, so that nobody waits for boots that cannot be.
 * Never keeps anybody from trying: the lab reports what fails.
 */
import { SvelteMap } from 'svelte/reactivity';
import type { MachineSpec } from '../../shared/index.ts';
import { request } from '../api/index.ts';
import type { DraftEntry } from './draft-plan.ts';

/** Left out by the lab, or a matter of the machine as a person's. */
const ofNoAccount = /^(portForwards|lifetimeMinutes|name|container\.secrets)/;

/** By definition, as runes. */
export class VariantChecks {
  /** Null where nothing speaks against it, and while main has not answered. */
  readonly #found = new SvelteMap<string, string | null>();

  /** Why this variant would not start; null where that is not known. */
  problemOf({ variant }: DraftEntry): string | null {
    return this.#found.get(keyOf(variant.spec)) ?? null;
  }

  /** Asks about those that were not asked about before. */
  look(entries: readonly DraftEntry[]): void {
    for (const { variant } of entries) {
      const key = keyOf(variant.spec);
      // The yardstick's board takes what is checked here for microvm.
      if (variant.board !== 'microvm' || this.#found.has(key)) continue;
      this.#found.set(key, null);
      void this.#ask(key, variant.spec);
    }
  }

  async #ask(key: string, spec: MachineSpec): Promise<void> {
    // Should main not answer, the boot will say it.
    const findings = await request('machine:check', { spec, id: null }).catch(() => []);
    const wrong = findings.find(
      ({ level, field }) => level === 'error' && !ofNoAccount.test(field),
    );
    if (wrong) this.#found.set(key, wrong.message);
  }
}

function keyOf(spec: MachineSpec): string {
  return JSON.stringify(spec);
}
