/** Names of secrets, before and after an edit. Pure: values never come here. */

/** Null for every value that is kept under a name that is no secret any more, as `secret:set` takes it. */
export function leftOver(
  kept: readonly string[],
  secrets: readonly string[],
): Record<string, null> {
  const gone = kept.filter((name) => !secrets.includes(name));
  return Object.fromEntries(gone.map((name) => [name, null]));
}
