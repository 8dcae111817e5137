/**
 * What a namespace that is going away says of itself: five conditions, each with a text for "nothing wrong".
 *
 * @source pkg/controller/namespace/deletion/status_condition_utils.go v1.36
 */
import type { NamespaceCondition } from "../../../shared/api/generated/core-v1.ts";
import { setCondition } from "../../../shared/apimachinery/index.ts";
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
    judge(
      "NamespaceDeletionDiscoveryFailure",
      ["ResourcesDiscovered", "All resources successfully discovered"],
      discovery.length > 0 && [
        "DiscoveryFailed",
        `Discovery failed for some groups, ${discovery.length} failing: ${discovery.join(", ")}`,
      ],
    ),
    judge("NamespaceDeletionGroupVersionParsingFailure", ["ParsedGroupVersions", "All legacy kube types successfully parsed"]),
    judge(
      "NamespaceDeletionContentFailure",
      ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
      failures.length > 0 && [
        "ContentDeletionFailed",
        `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(", ")}`,
      ],
    ),
    judge(
      "NamespaceContentRemaining",
      ["ContentRemoved", "All content successfully removed"],
      !!remaining && ["SomeResourcesRemain", `Some resources are remaining: ${remaining}`],
    ),
    judge(
      "NamespaceFinalizersRemaining",
      ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
      !!finalizers && ["SomeFinalizersRemain", `Some content in the namespace has finalizers remaining: ${finalizers}`],
    ),
  ];
  const at = formatTime(now);
  return next.reduce<readonly NamespaceCondition[]>((list, condition) => setCondition(list, condition, at), old);
}

type Verdict = readonly [reason: string, message: string];

function judge(type: string, fine: Verdict, trouble: Verdict | false = false): NamespaceCondition {
  const [reason, message] = trouble || fine;
  return { type, status: trouble ? "True" : "False", reason, message };
}
