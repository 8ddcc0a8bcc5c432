/** Names that hide instead of being there: OCI image-spec, layer.md, “Whiteouts” and “Opaque Whiteout”. Pure. */

const prefix = '.wh.';
const opaque = '.wh..wh..opq';

/** What a name hides in the layers below its own. */
export type Whiteout =
  | { readonly kind: 'all'; readonly folder: string }
  | { readonly kind: 'one'; readonly path: string }
  /** AUFS's own names, like `.wh..wh.plnk`. */
  | { readonly kind: 'nothing' };

/** @returns null for an ordinary name. */
export function readWhiteout(path: string): Whiteout | null {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (name === opaque) return { kind: 'all', folder: path.slice(0, Math.max(0, slash)) };
  if (!name.startsWith(prefix)) return null;
  const hidden = name.slice(prefix.length);
  if (hidden === '' || hidden.startsWith(prefix)) return { kind: 'nothing' };
  return { kind: 'one', path: path.slice(0, slash + 1) + hidden };
}
