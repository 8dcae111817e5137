/**
 * `$(NAME)` in commands, arguments, values and subPathExpr: replaced where NAME is known, left as it stands where it is not; `$$` is a
 * dollar that begins nothing.
 *
 * @source third_party/forked/golang/expansion/expand.go v1.36
 */
export type Lookup = (name: string) => string | undefined;

export function expand(text: string, lookup: Lookup): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name?: string) => {
    if (match === "$$") return "$";
    return lookup(name!) ?? match;
  });
}

/** Every name has to be known; throws with the names that are not. */
export function expandStrictly(text: string, lookup: Lookup): string {
  const missing: string[] = [];
  const result = expand(text, (name) => {
    const value = lookup(name);
    if (value === undefined) missing.push(name);
    return value;
  });
  if (missing.length > 0) throw new Error(`missing value for ${missing.map((name) => JSON.stringify(name)).join(", ")}`);
  return result;
}

export const lookupIn =
  (...maps: readonly ReadonlyMap<string, string>[]): Lookup =>
  (name) => {
    for (const map of maps) if (map.has(name)) return map.get(name);
    return undefined;
  };
