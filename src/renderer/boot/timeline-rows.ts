/**
 * A boot as the rows of its waterfall: the phases that were seen, and below each what was seen within it.
 * Pure; decides neither pixels nor which rows are open.
 */
import {
  phaseInfo,
  phaseNames,
  type BootDetail,
  type BootTimeline,
  type Phase,
  type PhaseName,
} from '../../shared/index.ts';
import type { ShownBoot } from './shown-boot.ts';

/** One row. Rows of depth 1 belong to a phase, those of depth 2 to a stretch of the kernel's log. */
export interface TimelineRow {
  /** Names it among the rows of its boot, also after others were opened. */
  key: string;
  depth: 0 | 1 | 2;
  kind: 'phase' | BootDetail['kind'];
  phase: PhaseName;
  title: string;
  startMs: number;
  durationMs: number;
  /** Whether its end was not seen: then it is drawn as far as it was. */
  unfinished: boolean;
  /** The row that it belongs to; null for a phase. */
  parent: string | null;
  /** How many rows it can open. */
  children: number;
  expanded: boolean;
}

/** Phases that not every boot has: a kernel may come unpacked, and only containers have an initrd of ours. */
const optional: readonly PhaseName[] = ['decompression', 'initrd'];

/** The phases to speak of: those that were seen, and those that every boot should have. */
export function expectedPhases(boot: BootTimeline): PhaseName[] {
  return phaseNames.filter(
    (name) => !optional.includes(name) || boot.phases.some((phase) => phase.name === name),
  );
}

interface Node {
  key: string;
  detail: BootDetail;
  children: Node[];
}

/** What was seen within a phase; the last phase has what lies on its end. */
function detailsOf(boot: BootTimeline, phase: Phase): BootDetail[] {
  const endMs = phase.startMs + phase.durationMs;
  const isLast = boot.phases.at(-1) === phase;
  return boot.details.filter(
    ({ startMs }) => startMs >= phase.startMs && (isLast || startMs < endMs),
  );
}

/**
 * In their order, with each initcall below the stretch of the kernel's log that it lies in; of several that run
 * beside each other (the initrd is unpacked meanwhile) the one that began first.
 */
function nest(phase: Phase, details: readonly BootDetail[]): Node[] {
  const sorted = details.toSorted((a, b) => a.startMs - b.startMs || b.durationMs - a.durationMs);
  const roots: Node[] = [];
  const stretches: Node[] = [];
  for (const [index, detail] of sorted.entries()) {
    const node: Node = { key: `${phase.name}/${index}`, detail, children: [] };
    const home =
      detail.kind === 'initcall'
        ? stretches.find(({ detail: stretch }) => {
            const endMs = stretch.startMs + stretch.durationMs;
            return detail.startMs >= stretch.startMs && detail.startMs <= endMs;
          })
        : undefined;
    (home?.children ?? roots).push(node);
    if (detail.kind === 'kernel') stretches.push(node);
  }
  return roots;
}

/** The rows that are to be seen. @param open the keys of the rows that are open */
export function timelineRows(boot: ShownBoot, open: ReadonlySet<string>): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const add = (
    phase: PhaseName,
    { key, detail, children }: Node,
    depth: 1 | 2,
    parent: string,
  ): void => {
    const expanded = children.length > 0 && open.has(key);
    const { kind, name: title, startMs, durationMs } = detail;
    rows.push({
      ...{ key, depth, kind, phase, title, startMs, durationMs, parent },
      ...{ children: children.length, expanded, unfinished: false },
    });
    if (expanded) for (const child of children) add(phase, child, 2, key);
  };
  for (const phase of boot.phases) {
    const nodes = nest(phase, detailsOf(boot, phase));
    const expanded = nodes.length > 0 && open.has(phase.name);
    rows.push({
      ...{ key: phase.name, depth: 0, kind: 'phase', phase: phase.name, parent: null },
      ...{ title: phaseInfo[phase.name].title, children: nodes.length, expanded },
      ...{ startMs: phase.startMs, durationMs: phase.durationMs },
      unfinished: boot.unfinished === phase.name,
    });
    if (expanded) for (const node of nodes) add(phase.name, node, 1, phase.name);
  }
  return rows;
}

/** The keys of all rows that can be opened. */
export function openableKeys(boot: ShownBoot): string[] {
  const all = new Set<string>(boot.phases.map(({ name }) => name));
  for (const row of timelineRows(boot, all)) if (row.children > 0) all.add(row.key);
  return timelineRows(boot, all)
    .filter(({ children }) => children > 0)
    .map(({ key }) => key);
}
