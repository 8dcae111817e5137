/**
 * Which node a pod may be on, as pod and node say it themselves: tolerations against taints, node selectors and node affinity.
 * The scheduler, the daemon set controller, taint eviction and the kubelet must agree, so they all ask here.
 *
 * @source staging/src/k8s.io/component-helpers/scheduling/corev1 v1.36
 */
import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
  Taint,
  Toleration,
} from "../generated/core-v1.ts";

/** What of a node is asked about: a kubelet knows no more of its own. */
type NodeFacts = Pick<Node, "metadata">;

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator || "Equal") {
    case "Exists":
      return true;
    case "Equal":
      return Boolean(toleration.key) && (toleration.value ?? "") === (taint.value ?? "");
    case "Gt":
    case "Lt":
      return compareNumbers(taint.value, toleration.value, toleration.operator as string);
    default:
      return false;
  }
}

/** The first taint with one of these effects that nothing tolerates. */
export function untoleratedTaint(
  tolerations: readonly Toleration[] | undefined,
  taints: readonly Taint[] | undefined,
  effects: readonly string[] = ["NoSchedule", "NoExecute"],
): Taint | undefined {
  return taints?.find(
    (taint) => effects.includes(taint.effect) && !tolerations?.some((toleration) => tolerates(toleration, taint)),
  );
}

/** `spec.nodeSelector` and the required terms of node affinity. */
export function matchesNode(spec: Pick<PodSpec, "nodeSelector" | "affinity">, node: NodeFacts): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required ? matchesNodeSelector(required, node) : true;
}

/** Terms are alternatives; a term without any requirement matches nothing. */
export function matchesNodeSelector(selector: NodeSelector, node: NodeFacts): boolean {
  return (selector.nodeSelectorTerms ?? []).some((term) => matchesNodeSelectorTerm(term, node));
}

export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: NodeFacts): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (!expressions.length && !fields.length) return false;
  const labels = node.metadata.labels ?? {};
  return (
    expressions.every((r) => satisfies(r, labels[r.key])) &&
    fields.every((r) => satisfies(r, r.key === "metadata.name" ? node.metadata.name : undefined))
  );
}

function satisfies({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case "In":
      return actual !== undefined && values.includes(actual);
    case "NotIn":
      return actual === undefined || !values.includes(actual);
    case "Exists":
      return actual !== undefined;
    case "DoesNotExist":
      return actual === undefined;
    case "Gt":
    case "Lt":
      return compareNumbers(actual, values[0], operator);
    default:
      return false;
  }
}

/** Both must be whole numbers; anything else never matches. */
function compareNumbers(actual: string | undefined, bound: string | undefined, operator: string): boolean {
  const whole = /^[+-]?\d+$/;
  if (actual === undefined || bound === undefined || !whole.test(actual) || !whole.test(bound)) return false;
  return operator === "Gt" ? BigInt(actual) > BigInt(bound) : BigInt(actual) < BigInt(bound);
}
