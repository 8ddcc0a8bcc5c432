/**
 * Order and search of the machines in the sidebar.
 * Pure: never changes a machine, never hides one without a search.
 */
import type { MachineView } from '../../shared/index.ts';

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** By name as people count (machine-2 before machine-10), the older first among equals. */
export function inListOrder(machines: Iterable<MachineView>): MachineView[] {
  return [...machines].sort(
    (a, b) => byName.compare(a.spec.name, b.spec.name) || a.createdAtMs - b.createdAtMs,
  );
}

/**
 * Those that have every word of the search in their name or labels, or are in the state that it names,
 * whatever its case and accents; `label:web` looks at the labels only and `state:running` at the state
 * only, and quotes keep a label of several words together.
 */
export function matching(machines: readonly MachineView[], search: string): MachineView[] {
  const terms = readSearch(search);
  if (terms.length === 0) return [...machines];
  return machines.filter((machine) => terms.every((term) => meets(machine, term)));
}

interface SearchTerm {
  text: string;
  only: 'label' | 'state' | null;
}

function meets({ spec, state }: MachineView, { text, only }: SearchTerm): boolean {
  // While it is typed after the colon any beginning will do; alone, “s” must not find all that stopped.
  if (only === 'state') return state.startsWith(text);
  const { name, labels } = searchable(spec);
  if (labels.some((label) => label.includes(text))) return true;
  return only === null && (name.includes(text) || state === text);
}

function readSearch(search: string): SearchTerm[] {
  return [...fold(search).matchAll(/(?:(label|state):)?(?:"([^"]*)"?|(\S+))|(?:label|state):/g)]
    .map(([, only, quoted, word]) => ({
      text: (quoted ?? word ?? '').trim(),
      only: (only ?? null) as SearchTerm['only'],
    }))
    .filter(({ text }) => text !== '' && text !== 'label:' && text !== 'state:');
}

/** Folding is the slow part; a definition is a new object when it changes. */
const folded = new WeakMap<MachineView['spec'], { name: string; labels: string[] }>();

function searchable(spec: MachineView['spec']): { name: string; labels: string[] } {
  let known = folded.get(spec);
  if (!known) {
    known = { name: fold(spec.name), labels: spec.labels.map(fold) };
    folded.set(spec, known);
  }
  return known;
}

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The first of “machine-1”, “machine-2”, … that no machine has. */
export function freeName(machines: Iterable<MachineView>): string {
  const taken = new Set([...machines].map(({ spec }) => fold(spec.name)));
  let number = 1;
  while (taken.has(`machine-${number}`)) number += 1;
  return `machine-${number}`;
}

/** The first of “alpine”, “alpine 2”, … that no machine has. */
export function freeNameLike(base: string, machines: Iterable<MachineView>): string {
  const taken = new Set([...machines].map(({ spec }) => fold(spec.name)));
  let number = 1;
  let name = base;
  while (taken.has(fold(name))) {
    number += 1;
    name = `${base} ${number}`;
  }
  return name;
}
