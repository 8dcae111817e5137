/** What every engine refuses before it looks at the data. */
import type { Write } from "../types.ts";
import { hasHighUnits } from "./order.ts";

/** Throws TypeError for keys that cannot be stored, or that come twice. */
export function checkWrites(writes: readonly Write[]): void {
  for (const { key } of writes) {
    if (key === "") throw new TypeError("a key must not be empty");
    if (key.startsWith("\0")) throw new TypeError("keys that begin with NUL are reserved");
    if (hasHighUnits(key) && !isWellFormed(key)) throw new TypeError("a key must be well-formed Unicode");
  }
  if (writes.length > 1 && new Set(writes.map((write) => write.key)).size < writes.length) {
    throw new TypeError("a key may appear only once in a commit");
  }
}

function isWellFormed(text: string): boolean {
  return Buffer.from(text, "utf8").toString("utf8") === text;
}
