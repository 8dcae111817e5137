/** Names that become parts of others, and of what those put into DNS. */
import { isDNS1123Label } from "../apimachinery/validation.ts";

/** @param old the object before: a name is warned of once */
export function nameWarnings(name: string, old: object | undefined, use = "this is used in Pod names and hostnames"): string[] {
  const texts = old ? [] : isDNS1123Label(name);
  if (texts.length === 0) return [];
  return [`metadata.name: ${use}, which can result in surprising behavior; a DNS label is recommended: [${texts.join(" ")}]`];
}
