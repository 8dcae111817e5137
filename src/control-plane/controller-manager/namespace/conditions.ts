/**
 * What a namespace that is going away says of itself: five conditions, each with a text for "nothing wrong".
 *
 * @source pkg/controller/namespace/deletion/status_condition_utils.go v1.36
 */
import type { NamespaceCondition } from "../../../shared/api/generated/core-v1.ts";
import { findCondition } from "../../../shared/apimachinery/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";

export interface Findings {
  /** Groups whose discovery failed, with the reason. */
  discovery: string[];
  /** Deletions that failed. */
  failures: string[];
  /** Objects left, by `plural.group`. */
  remaining: Record<string, number>;
  /** Objects left, by finalizer they carry. */
  finalizers: Record<string, number>;
}

/** With what was left before, in upstream's order of types. Returns the same list where nothing changed. */
export function conditionsOf(findings: Findings, old: readonly NamespaceCondition[], now: number): readonly NamespaceCondition[] {
  const list = (counts: Record<string, number>, text: (name: string, n: number) => string) =>
    Object.entries(counts)
      .filter(([, n]) => n > 0)
      .map(([name, n]) => text(name, n))
      .sort()
      .join(", ");
  const { discovery, failures } = findings;
  const remaining = list(findings.remaining, (name, n) => `${name} has ${n} resource instances`);
  const finalizers = list(findings.finalizers, (name, n) => `${name} in ${n} resource instances`);
  const next = [
    discovery.length
      ? condition(
          "NamespaceDeletionDiscoveryFailure",
          true,
          "DiscoveryFailed",
          `Discovery failed for some groups, ${discovery.length} failing: ${discovery.join(", ")}`,
        )
      : condition("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"),
    condition(
      "NamespaceDeletionGroupVersionParsingFailure",
      false,
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    failures.length
      ? condition(
          "NamespaceDeletionContentFailure",
          true,
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(", ")}`,
        )
      : condition(
          "NamespaceDeletionContentFailure",
          false,
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        ),
    remaining
      ? condition("NamespaceContentRemaining", true, "SomeResourcesRemain", `Some resources are remaining: ${remaining}`)
      : condition("NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed"),
    finalizers
      ? condition(
          "NamespaceFinalizersRemaining",
          true,
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${finalizers}`,
        )
      : condition("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
  ];
  return merge(next, old, formatTime(now));
}

function condition(type: string, failed: boolean, reason: string, message: string): NamespaceCondition {
  return { type, status: failed ? "True" : "False", reason, message };
}

function merge(
  next: readonly NamespaceCondition[],
  old: readonly NamespaceCondition[],
  at: string,
): readonly NamespaceCondition[] {
  let changed = false;
  const merged = next.map((c) => {
    const before = findCondition(old, c.type);
    if (before && before.status === c.status && before.reason === c.reason && before.message === c.message) return before;
    changed = true;
    const lastTransitionTime = before?.status === c.status ? (before.lastTransitionTime ?? at) : at;
    return { ...c, lastTransitionTime };
  });
  return changed ? merged : old;
}
