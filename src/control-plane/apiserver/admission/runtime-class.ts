/**
 * A runtime class brings its overhead and its scheduling rules to the pods that name it.
 *
 * @source plugin/pkg/admission/runtimeclass, pkg/util/tolerations v1.36
 */
import { apiError } from "../../../shared/apimachinery/errors.ts";
import { deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import type { Toleration } from "../../../shared/api/generated/core-v1.ts";
import { Pod, RuntimeClass } from "../../../shared/api/index.ts";
import { canonicalQuantity } from "../../../shared/apimachinery/quantity.ts";
import type { AdmissionAttributes, AdmissionPlugin, ServerContext } from "../types.ts";
import { concerns, nameFault, refuse } from "./refuse.ts";

type Amounts = Readonly<Record<string, unknown>>;

export const runtimeClass: AdmissionPlugin = {
  name: "RuntimeClass",
  handles: (a) => a.operation === "CREATE" && concerns(a, Pod),
  admit(attributes, server) {
    const { spec } = attributes.object as Pod;
    const found = find(attributes, server);
    if (found?.overhead) {
      const { podFixed } = found.overhead;
      if (hasAny(spec.overhead) && !sameAmounts(spec.overhead, podFixed)) {
        throw refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      }
      if (podFixed) spec.overhead = { ...podFixed };
    }
    if (!found?.scheduling) return;
    const { nodeSelector, tolerations } = found.scheduling;
    if (nodeSelector) spec.nodeSelector = mergeSelector(attributes, spec.nodeSelector, nodeSelector);
    if (tolerations) spec.tolerations = mergeTolerations(spec.tolerations ?? [], tolerations);
  },
  validate(attributes, server) {
    const { overhead } = (attributes.object as Pod).spec;
    const wanted = find(attributes, server)?.overhead;
    if (wanted && !sameAmounts(wanted.podFixed, overhead)) {
      throw refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }
    if (!wanted && hasAny(overhead)) {
      throw refuse(attributes, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
    }
  },
};

function find(attributes: AdmissionAttributes, server: ServerContext): RuntimeClass | undefined {
  const name = (attributes.object as Pod).spec.runtimeClassName;
  if (name === undefined) return undefined;
  const fault = nameFault(name);
  if (fault) throw apiError(500, "", fault);
  const found = server.cache(RuntimeClass).get(name);
  if (!found) throw refuse(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

const hasAny = (amounts: Amounts | undefined) => amounts !== undefined && Object.keys(amounts).length > 0;

function sameAmounts(a: Amounts | undefined, b: Amounts | undefined): boolean {
  const canonical = (amounts: Amounts = {}) =>
    Object.fromEntries(Object.entries(amounts).map(([k, v]) => [k, canonicalQuantity(String(v))]));
  return deepEqual(canonical(a), canonical(b));
}

function mergeSelector(
  attributes: AdmissionAttributes,
  own: Record<string, string> = {},
  extra: Record<string, string>,
): Record<string, string> {
  for (const [key, value] of Object.entries(extra)) {
    if (own[key] === undefined || own[key] === value) continue;
    throw refuse(
      attributes,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key]}`,
    );
  }
  return { ...own, ...extra };
}

/** Those of the class come after the pod's own; what another toleration covers already is left out. */
function mergeTolerations(own: readonly Toleration[], extra: readonly Toleration[]): Toleration[] {
  const all = [...own, ...extra];
  return all.filter((t, i) => !all.some((other, j) => j !== i && covers(other, t) && !(covers(t, other) && i < j)));
}

/** Whatever taint `inner` tolerates, `outer` tolerates at least as long. */
function covers(outer: Toleration, inner: Toleration): boolean {
  if (deepEqual(outer, inner)) return true;
  if (outer.key !== undefined && outer.key !== "" && outer.key !== inner.key) return false;
  if (outer.effect && outer.effect !== inner.effect) return false;
  if (outer.effect === "NoExecute" && !outlasts(outer.tolerationSeconds, inner.tolerationSeconds)) return false;
  if (outer.operator === "Exists") return true;
  return (inner.operator || "Equal") === (outer.operator || "Equal") && outer.value === inner.value;
}

/** Absent is for ever. */
const outlasts = (outer: number | undefined, inner: number | undefined) =>
  outer === undefined || (inner !== undefined && inner <= outer);
