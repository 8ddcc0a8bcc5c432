/**
 * Names an image's root before it is built, by the layers that it comes from: images of the same layers have one.
 * Holds for roots of this way of building alone; whoever changes what comes out counts the way up.
 */
import { createHash } from 'node:crypto';

/** Of building: of flattening and of packing. */
const wayOfBuilding = 1;

/**
 * @param layers the top one first, with the digests of their unpacked tars, which building proves.
 * @returns `sha256:…`, of the way of building and of the layers' ChainID (OCI image-spec, config.md, “Layer ChainID”).
 */
export function rootDigestOf(layers: readonly { readonly diffId: string }[]): string {
  const chain = layers
    .map(({ diffId }) => diffId)
    .reduceRight((below, diffId) => (below === '' ? diffId : sha256(`${below} ${diffId}`)), '');
  return sha256(`nandu root ${wayOfBuilding} ${chain}`);
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
