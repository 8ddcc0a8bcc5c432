/**
 * Paths of a definition's fields, like `board.acpi` or `disks.0.path`: reading, writing, grouping.
 * Pure: never changes what it is given, never knows what a field means.
 */

/** The value at a path; undefined where there is none. */
export function valueAt(root: unknown, path: string): unknown {
  let place = root;
  for (const key of path.split('.')) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return undefined;
    place = (place as Record<string, unknown>)[key];
  }
  return place;
}

/** The same with another value at a path. A path that does not exist changes nothing. */
export function withValueAt<T>(root: T, path: string, value: unknown): T {
  const [first = '', ...rest] = path.split('.');
  if (typeof root !== 'object' || root === null || !Object.hasOwn(root, first)) return root;
  const before = (root as Record<string, unknown>)[first];
  const after = rest.length === 0 ? value : withValueAt(before, rest.join('.'), value);
  if (Object.is(after, before)) return root;
  if (Array.isArray(root))
    return root.map((item, at) => (String(at) === first ? after : item)) as T;
  return { ...root, [first]: after };
}

/** Whether a path is that of the field or of a part of it. */
export function covers(field: string, path: string): boolean {
  return path === field || path.startsWith(`${field}.`);
}

/** Fields that are one choice to a person although they have parts. */
const wholeFields = [
  'labels',
  'firmware',
  'kernel',
  'initrd',
  'portForwards',
  'ready',
  'container.entrypoint',
  'container.command',
  'container.environment',
  'container.secrets',
  'container.folders',
];

/** The field that a person sees at a path: `kernel.path` belongs to `kernel`. */
export function fieldOf(path: string): string {
  return wholeFields.find((field) => covers(field, path)) ?? path;
}

/** The fields at paths, each once. */
export function fieldsOf(paths: readonly string[]): string[] {
  return [...new Set(paths.map(fieldOf))];
}
