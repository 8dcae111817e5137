/** A pod against a level in one version of its rules. Pure. */
import { baselineChecks } from "./checks/baseline.ts";
import type { Check, CheckedPod, CheckPod, Violation } from "./checks/check.ts";
import { restrictedChecks } from "./checks/restricted.ts";
import type { LevelVersion } from "./policy.ts";

export function evaluate(pod: CheckedPod, { level, version }: LevelVersion): Violation[] {
  if (level === "privileged") return [];
  return checksOf(level, version).flatMap((check) => check(pod) ?? []);
}

/** `host namespaces (hostPID=true), privileged (…)` */
export const details = (violations: readonly Violation[]) =>
  violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(", ");

export const reasons = (violations: readonly Violation[]) => violations.map((v) => v.reason).join(", ");

/** Baseline first, without what restricted replaces in this version. */
function checksOf(level: "baseline" | "restricted", version: number): CheckPod[] {
  const strict = level === "restricted" ? restrictedChecks.filter((c) => formOf(c, version)) : [];
  const replaced = new Set(strict.map((c) => c.replaces));
  return [...baselineChecks.filter((c) => !replaced.has(c.id)), ...strict].flatMap((c) => formOf(c, version) ?? []);
}

const formOf = (check: Check, version: number): CheckPod | undefined => check.versions.findLast((v) => v.since <= version)?.check;
