/** YAML answers. The library is big and seldom needed: it is loaded with the first request that speaks YAML. */

let library: { formatYaml(value: unknown): string } | undefined;

export async function loadYaml(): Promise<void> {
  library ??= await import("../../../shared/apimachinery/yaml.ts");
}

export function formatYaml(value: unknown): string {
  if (!library) throw new Error("bug: an answer in YAML before the library was loaded");
  return library.formatYaml(value);
}
