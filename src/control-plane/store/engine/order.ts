/**
 * Byte order of keys that are held as JavaScript strings.
 *
 * `<` on strings compares UTF-16 units. That is the order of the UTF-8 bytes except where one key has a surrogate (D800 to DFFF, a
 * character beyond FFFF) at a place where the other has E000 to FFFF. Both keys must hold such a unit for the difference to show, so
 * until the first key of that sort arrives the engine's own comparison is exact, and afterwards `compareBytes` is used for all.
 */

const HIGH_UNITS = /[\ud800-\uffff]/;

export function hasHighUnits(key: string): boolean {
  return HIGH_UNITS.test(key);
}

export type Less = (a: string, b: string) => boolean;

export const lessByUnits: Less = (a, b) => a < b;

export const lessByBytes: Less = (a, b) => {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) < rank(y);
  }
  return a.length < b.length;
};

/** Moves the surrogates behind everything else of the basic plane. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
