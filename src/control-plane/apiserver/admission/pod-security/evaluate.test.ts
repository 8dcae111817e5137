import { expect, test } from "vitest";
import type { PodSpec, SecurityContext } from "../../../../shared/api/generated/core-v1.ts";
import { details, evaluate, reasons } from "./evaluate.ts";
import { policyOf } from "./policy.ts";

const pod = (spec: Partial<PodSpec>) => ({ metadata: {}, spec: { containers: [{ name: "c" }], ...spec } as PodSpec });
const container = (securityContext: SecurityContext) => pod({ containers: [{ name: "c", resources: {}, securityContext }] });
const restricted = { level: "restricted", version: Infinity } as const;
const baseline = { level: "baseline", version: Infinity } as const;

test("a bare pod lacks everything that restricted asks for", () => {
  expect(reasons(evaluate(pod({}), restricted))).toBe(
    "allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile",
  );
  expect(evaluate(pod({}), baseline)).toEqual([]);
});

test("baseline: what reaches the host is told with who does it", () => {
  expect(details(evaluate(pod({ hostPID: true, hostNetwork: true }), baseline))).toBe(
    "host namespaces (hostNetwork=true, hostPID=true)",
  );
  expect(details(evaluate(container({ seLinuxOptions: { type: "spc_t", user: "u", role: "r" } }), baseline))).toBe(
    'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
  );
});

test("restricted replaces the baseline check of the same thing, from the version on that it exists", () => {
  const adding = container({ capabilities: { add: ["SYS_ADMIN"] } });
  expect(reasons(evaluate(adding, restricted))).not.toContain("non-default capabilities");
  expect(reasons(evaluate(adding, { level: "restricted", version: 21 }))).toContain("non-default capabilities");
});

test("warn follows a stricter enforce; a bad enforce level is the strictest", () => {
  expect(policyOf({ "pod-security.kubernetes.io/enforce": "baseline" }).policy.warn).toEqual(baseline);
  const bad = policyOf({ "pod-security.kubernetes.io/enforce": "strict" });
  expect([bad.policy.enforce, bad.policy.warn.level, bad.errors.length]).toEqual([restricted, "privileged", 1]);
});
