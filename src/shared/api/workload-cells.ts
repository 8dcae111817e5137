/** Table cells that workloads share: their containers, and whom they select. */
import { selectorFromObject } from "../apimachinery/selectors.ts";
import { NONE } from "./cells.ts";
import type { LabelSelector } from "../apimachinery/generated/meta-v1.ts";

interface Template {
  spec?: { containers?: readonly { name?: string; image?: string }[] };
}

/** Names and images. */
export function containerCells(template: Template | undefined): [string, string] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map(({ name }) => name ?? "").join(","), containers.map(({ image }) => image ?? "").join(",")];
}

export function selectorText(selector: LabelSelector | undefined, whereEmpty = NONE): string {
  // No selector selects nothing, which is written as an empty text.
  if (!selector) return whereEmpty;
  try {
    return selectorFromObject(selector).toString() || whereEmpty;
  } catch {
    return "<error>";
  }
}
