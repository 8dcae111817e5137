/**
 * The label that tells the generations of a pod template apart: a stable hash, in characters that form no words.
 *
 * Differs: upstream hashes a Go print of the template; only its stability and its form are observable, so this one hashes canonical JSON.
 */
import type { PodTemplateSpec } from "../../../shared/api/generated/core-v1.ts";

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** At most ten characters of `bcdfghjklmnpqrstvwxz2456789`. `collisions` makes another one for the same template. */
export function templateHash(template: unknown, collisions: number | undefined): string {
  let hash = fnv32a(canonicalJson(template));
  if (collisions !== undefined) hash = fnv32a(String(collisions), hash);
  return safeEncode(String(hash));
}

/** Digits (or any text) as label-safe characters, one for one. */
function safeEncode(text: string): string {
  return Array.from(text, (c) => ALPHABET[c.charCodeAt(0) % ALPHABET.length]).join("");
}

function fnv32a(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

const texts = new WeakMap<object, string>();

/** JSON with sorted keys and without nulls: equal for templates that mean the same. Remembered for frozen values. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value, sortedAndPruned);
  if (Object.isFrozen(value)) texts.set(value, text);
  return text;
}

function sortedAndPruned(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The template without the label that carries its hash. */
export function withoutLabel(template: PodTemplateSpec, label: string): PodTemplateSpec {
  const labels = template.metadata?.labels;
  if (!labels || !(label in labels)) return template;
  const { [label]: _, ...rest } = labels;
  return { ...template, metadata: { ...template.metadata!, labels: rest } };
}
