/** Lists of quantities by resource name. */
import { addQuantities, Quantity } from "../../apimachinery/quantity.ts";

export type ResourceList = Record<string, string>;

/** Quantities finer than a thousandth are rounded up to one, in place; others keep their spelling. */
export function roundUpToMilli(list: ResourceList | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    if (!/[nu]$|\.\d{4,}|[eE]-/.test(text)) continue;
    list![name] = Quantity.parse(text).roundUp(-3).toString();
  }
}

/** A running sum of resource lists. */
export class AddedQuantities {
  private readonly sums = new Map<string, string>();

  add(list: ResourceList | undefined): void {
    for (const [name, quantity] of Object.entries(list ?? {})) this.sums.set(name, addQuantities(this.sums.get(name), quantity));
  }

  entries(): IterableIterator<[string, string]> {
    return this.sums.entries();
  }
}
