/**
 * What a pod asks for as a whole, as limits and quotas count it.
 *
 *   containers a: 100m, b: 200m; sidecar s: 50m; init container i: 1        → max(100m + 200m + 50m, 50m + 1) = 1050m
 *
 * Init containers run one after the other beside the sidecars that were started before them; what is given for the pod as a whole
 * replaces the sum.
 *
 * @source staging/src/k8s.io/component-helpers/resource/helpers.go v1.36
 */
import type { Container, PodSpec } from "../generated/core-v1.ts";
import { Quantity } from "../../apimachinery/quantity.ts";

export type Amounts = Map<string, Quantity>;
export type ResourceList = Readonly<Record<string, unknown>>;

export function amountsOf(list: ResourceList | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, value]) => [name, Quantity.parse(String(value))]));
}

export function addAmounts(to: Amounts, from: Amounts): void {
  for (const [name, value] of from) to.set(name, to.get(name)?.add(value) ?? value);
}

function raiseTo(to: Amounts, from: Amounts): void {
  for (const [name, value] of from) if (!to.has(name) || to.get(name)!.cmp(value) < 0) to.set(name, value);
}

type Which = "requests" | "limits";

/** Without overhead. */
export function podAmounts(spec: PodSpec, which: Which): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers ?? []) addAmounts(total, own(container, which));
  const sidecars: Amounts = new Map();
  const start: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const needed = own(container, which);
    if (container.restartPolicy === "Always") {
      addAmounts(total, needed);
      addAmounts(sidecars, needed);
      raiseTo(start, sidecars);
    } else {
      addAmounts(needed, sidecars);
      raiseTo(start, needed);
    }
  }
  raiseTo(total, start);
  for (const [name, value] of amountsOf(spec.resources?.[which])) if (isPodLevel(name)) total.set(name, value);
  return total;
}

/** With overhead; a limit that is not there stays away. */
export function podAmountsWithOverhead(spec: PodSpec, which: Which): Amounts {
  const total = podAmounts(spec, which);
  for (const [name, value] of amountsOf(spec.overhead)) {
    if (which === "requests" || total.has(name)) total.set(name, total.get(name)?.add(value) ?? value);
  }
  return total;
}

const own = (container: Container, which: Which): Amounts => amountsOf(container.resources?.[which]);

const isPodLevel = (name: string) => name === "cpu" || name === "memory" || name.startsWith("hugepages-");
