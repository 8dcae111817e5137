/** A rule about pods, and how its violations are told. */
import type { PodSpec, SecurityContext } from "../../../../../shared/api/generated/core-v1.ts";
import type { ObjectMeta } from "../../../../../shared/apimachinery/meta.ts";
import { containersOf, type AnyContainer } from "../../../pod-references.ts";

export interface Violation {
  reason: string;
  detail: string;
}

export interface CheckedPod {
  metadata: Partial<ObjectMeta>;
  spec: PodSpec;
}

export type CheckPod = (pod: CheckedPod) => Violation | undefined;

export interface Check {
  /** Checks are told in the order of their ids. */
  id: string;
  /** By the minor version each form holds from, ascending; `undefined` of the table: the check did not exist before. */
  versions: readonly { since: number; check: CheckPod }[];
  /** Checks of the lower level that this one replaces. */
  replaces?: string;
}

export const pluralize = (count: number, one: string, many = `${one}s`) => (count === 1 ? one : many);

/** `"a", "b"`, nothing escaped. */
export const quoted = (items: Iterable<string>) => [...items].map((item) => `"${item}"`).join(", ");

export const sorted = (items: Iterable<string>) => [...new Set(items)].sort();

/** `container "a"`, `containers "a", "b"` */
export const containersNamed = (names: readonly string[]) => `${pluralize(names.length, "container")} ${quoted(names)}`;

export const namesWhere = (spec: PodSpec, isBad: (container: AnyContainer) => boolean) =>
  [...containersOf(spec)].filter(isBad).map((c) => c.name);

/** `pod and container "a"`: everybody who set something bad. */
export function setters(pod: boolean, containers: readonly string[]): string[] {
  return [...(pod ? ["pod"] : []), ...(containers.length ? [containersNamed(containers)] : [])];
}

/** What every container says, where it says anything. */
export function settings<K extends keyof SecurityContext>(
  spec: PodSpec,
  field: K,
): { name: string; value: SecurityContext[K] }[] {
  return [...containersOf(spec)].map(({ name, securityContext }) => ({ name, value: securityContext?.[field] }));
}

export const isWindows = ({ spec }: CheckedPod) => spec.os?.name === "windows";

/** Root in a user namespace of the pod's own is nobody outside. */
export const hasOwnUsers = ({ spec }: CheckedPod) => spec.hostUsers === false;

export const unless =
  (exempt: (pod: CheckedPod) => boolean, check: CheckPod): CheckPod =>
  (pod) =>
    exempt(pod) ? undefined : check(pod);
