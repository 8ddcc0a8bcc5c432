/**
 * Writes an image's layers as one tar of the root that they come to, in one pass from the top layer down.
 * Holds no content; a layer is read again only for hard links whose target did not get through.
 */
import type { Writable } from 'node:stream';
import { LayerMerge } from './layer-merge.ts';
import type { LayerPlan } from './layer-plan.ts';
import { Budget, eachEntry, type LayerSource } from './layer-reading.ts';
import { NameBudget } from './name-budget.ts';
import { NeedsPlan } from './needs-plan.ts';
import { refused } from './refusal.ts';
import type { TarEntry } from './tar-entry.ts';
import { TarWriter, type Flattened, type FlattenOptions } from './tar-writer.ts';

/** Links to links to links; each step reads layers again. */
const maxLinkDepth = 16;
/** Hard links that wait for their target are held with their headers. */
const maxDeferredBytes = 16 * 1024 * 1024;

/** A hard link whose target was not written when it was met. */
interface Deferred {
  readonly entry: TarEntry;
  /** Where to look for its target: this layer and those below. */
  readonly layer: number;
}

/**
 * @param layers the top one first.
 * @param sink gets the tar and is ended.
 * @param plan of these layers; null to go without one, which is right for all but a few images.
 * @throws NeedsPlan for those; AppError `image_refused` for layers that are damaged or hostile, `disk_full` for more
 *   than `maxBytes`; what the sink says.
 */
export async function flatten(
  layers: readonly LayerSource[],
  sink: Writable,
  options: FlattenOptions,
  plan: LayerPlan | null = null,
): Promise<Flattened> {
  const writer = new TarWriter(sink, options);
  const budget = new Budget(options.signal, options.maxBytes);
  const merge = new LayerMerge(plan !== null);
  const deferred: Deferred[] = [];
  const late = new Set<string>();
  const names = new NameBudget(maxDeferredBytes);
  for (const [index, layer] of layers.entries()) {
    merge.beginLayer();
    await eachEntry(layer, budget, async (read, number, reader) => {
      if (read.path === '') return; // the root's own attributes are not the tar's to tell
      const entry = plan?.apply(index, number, read) ?? read;
      if (isSuperseded(entry)) {
        merge.supersede(entry.path, entry.kind);
        return;
      }
      if (merge.admit(entry.path, entry.kind) !== 'take') return;
      const target = entry.kind === 'hardlink' ? entry.linkPath : null;
      if (target !== null) merge.refer(target);
      if (target !== null && (merge.layerOf(target) !== index || late.has(target))) {
        const { header, path } = entry;
        if (!names.take(path, target, header.toString('latin1'))) {
          throw refused('far too many of its hard links lead to other layers');
        }
        // Its attributes are those of the file it leads to.
        deferred.push({ entry: { ...entry, pax: new Map() }, layer: index });
        late.add(entry.path);
      } else {
        await writer.write(entry, reader);
      }
    });
  }
  await writeDeferred({ layers, plan, merge, writer, budget }, deferred);
  for (const path of merge.missingFolders()) await writer.folder(path);
  return writer.end();
}

interface Flattening {
  readonly layers: readonly LayerSource[];
  readonly plan: LayerPlan | null;
  readonly merge: LayerMerge;
  readonly writer: TarWriter;
  readonly budget: Budget;
}

/**
 * A link's content is what its target was in its own layer or the nearest below. Where that got through, it
 * stays a link; else the first of its links becomes the file, and the others link to that.
 */
async function writeDeferred(
  flattening: Flattening,
  deferred: readonly Deferred[],
  depth = 0,
): Promise<void> {
  const { layers, plan, merge, writer, budget } = flattening;
  if (depth > maxLinkDepth) throw refused('its hard links lead to each other without an end');
  const waiting = new Map<string, Deferred[]>();
  for (const link of deferred) {
    const links = waiting.get(link.entry.linkPath);
    if (links === undefined) waiting.set(link.entry.linkPath, [link]);
    else links.push(link);
  }
  for (const [index, layer] of layers.entries()) {
    if (waiting.size === 0) return;
    if (![...waiting.values()].some((links) => links.some((link) => link.layer <= index))) continue;
    const again: Deferred[] = [];
    await eachEntry(layer, budget, async (read, number, reader) => {
      const entry = plan?.apply(index, number, read) ?? read;
      const all = waiting.get(entry.path);
      if (all === undefined || isSuperseded(entry)) return;
      const [first, ...others] = all.filter((link) => link.layer <= index);
      if (first === undefined) return;
      const later = all.filter((link) => link.layer > index);
      if (later.length === 0) waiting.delete(entry.path);
      else waiting.set(entry.path, later);
      if (entry.kind === 'hardlink') {
        // A link to a link: the same file under its first name, in this layer or below.
        for (const link of [first, ...others]) {
          again.push({ entry: { ...link.entry, linkPath: entry.linkPath }, layer: index });
        }
      } else if (merge.layerOf(entry.path) === index) {
        for (const link of [first, ...others]) await writer.link(link.entry, entry.path);
      } else {
        await writer.write(entry, reader, first.entry.path);
        for (const link of others) await writer.link(link.entry, first.entry.path);
      }
    });
    if (again.length > 0) await writeDeferred(flattening, again, depth + 1);
  }
  for (const [target, [lost]] of waiting) {
    // Its target may be there by another name.
    if (plan === null) throw new NeedsPlan();
    throw refused('one of its hard links leads to a file that no layer has', {
      ...{ path: lost?.entry.path, target },
    });
  }
}

function isSuperseded(entry: TarEntry & { isSuperseded?: boolean }): boolean {
  return entry.isSuperseded === true;
}
