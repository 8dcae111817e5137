/** Where the API serves an object: URL paths of a kind. */
import type { Kind } from "../api/kind.ts";

export function resourcePath(kind: Kind<any>, namespace?: string, name?: string, subresource?: string): string {
  let path = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
  if (namespace && kind.scope === "Namespaced") path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${kind.plural}`;
  if (name) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

/** `?a=1&b=2`, or nothing; undefined values are left out. */
export function queryText(query: Readonly<Record<string, string | readonly string[] | undefined>> | undefined): string {
  if (!query) return "";
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const v of typeof value === "string" ? [value] : value) params.append(name, v);
  }
  const text = params.toString();
  return text && `?${text}`;
}
