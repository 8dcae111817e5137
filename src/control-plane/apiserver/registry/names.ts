/** Random names: a base and five characters that make no words. */
import type { Random } from "../../../shared/lib/platform.ts";

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX = 5;
/** Longer bases are cut so that the whole stays within a label. */
const MAX_BASE = 63 - SUFFIX;

export function randomName(random: Random, base: string): string {
  let name = base.slice(0, MAX_BASE);
  for (const byte of random.bytes(SUFFIX)) name += ALPHABET[byte % ALPHABET.length];
  return name;
}
