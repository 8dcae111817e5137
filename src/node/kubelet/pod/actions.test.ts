import { expect, test } from "vitest";
import { emptyRuntimePod } from "../runtime/types.ts";
import { planPod, type PodActions, type ProbeView } from "./actions.ts";
import { container, noProbes, podOf, record, running } from "./fixtures.ts";

/** What a plan says, in one line. */
function told(actions: PodActions): string {
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).join(",");
  return [
    actions.killPod && "kill-pod",
    actions.createSandbox && `sandbox:${actions.attempt}`,
    actions.toKill.length > 0 && `kill:${actions.toKill.map(({ name, reason }) => `${name}(${reason})`).join()}`,
    actions.ephemeralToStart.length > 0 && `ephemeral:${names(actions.ephemeralToStart)}`,
    actions.initToStart.length > 0 && `init:${names(actions.initToStart)}`,
    actions.toStart.length > 0 && `start:${names(actions.toStart)}`,
  ]
    .filter(Boolean)
    .join(" ");
}

const plan = (...args: Parameters<typeof planPod> | [Parameters<typeof planPod>[0], Parameters<typeof planPod>[1]]) =>
  told(planPod(args[0], args[1], args[2] ?? noProbes));
const sidecar = (name: string, rest = {}) => container(name, { restartPolicy: "Always", ...rest });

test("a new pod gets a sandbox and its first init container, or all regular ones", () => {
  expect(plan(podOf({}), emptyRuntimePod("u"))).toBe("kill-pod sandbox:0 start:web");
  const withInit = podOf({ initContainers: [container("i1"), container("i2")] });
  expect(plan(withInit, emptyRuntimePod("u"))).toBe("kill-pod sandbox:0 init:i1");
});

test("init containers run one after the other, then the regular ones", () => {
  const pod = podOf({ initContainers: [container("i1"), container("i2")] });
  expect(plan(pod, running())).toBe("init:i1");
  expect(plan(pod, running(record("i1", "running")))).toBe("");
  expect(plan(pod, running(record("i1", "exited")))).toBe("init:i2");
  expect(plan(pod, running(record("i2", "exited"), record("i1", "exited")))).toBe("start:web");
  expect(plan(pod, running(record("i1", "exited", { exitCode: 1 })))).toBe("init:i1");
  expect(plan({ ...pod, spec: { ...pod.spec, restartPolicy: "Never" } }, running(record("i1", "exited", { exitCode: 1 })))).toBe(
    "kill-pod",
  );
});

test("a sidecar lets the next one start when it has started, and is kept running", () => {
  const pod = podOf({ initContainers: [sidecar("s"), container("i")] });
  expect(plan(pod, running(record("s", "running")))).toBe("init:i");
  expect(plan(pod, running(record("i", "exited"), record("s", "running")))).toBe("start:web");
  expect(plan(pod, running(record("web", "running"), record("i", "exited"), record("s", "exited", { exitCode: 1 })))).toBe(
    "init:s",
  );
  const probed = podOf({ initContainers: [sidecar("s", { startupProbe: {} }), container("i")] });
  const probes = (started: boolean | undefined): ProbeView => ({ ...noProbes, startup: () => started });
  expect(plan(probed, running(record("s", "running")), probes(undefined))).toBe("");
  expect(plan(probed, running(record("s", "running")), probes(true))).toBe("init:i");
  expect(plan(probed, running(record("s", "running")), probes(false))).toBe("kill:s(StartupProbe) init:s");
});

test("what ended is started again as the restart policy says", () => {
  const ended = (exitCode: number) => running(record("web", "exited", { exitCode }));
  expect(plan(podOf({}), ended(0))).toBe("start:web");
  expect(plan(podOf({ restartPolicy: "OnFailure" }), ended(0))).toBe("kill-pod");
  expect(plan(podOf({ restartPolicy: "OnFailure" }), ended(1))).toBe("start:web");
  expect(plan(podOf({ restartPolicy: "Never" }), ended(1))).toBe("kill-pod");
  const rules = [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }];
  const own = podOf({
    restartPolicy: "Never",
    containers: [container("web", { restartPolicy: "Never", restartPolicyRules: rules as never })],
  });
  expect(plan(own, ended(42))).toBe("start:web");
  expect(plan(own, ended(1))).toBe("kill-pod");
  expect(plan(podOf({}, { deletionTimestamp: "2026-01-01T00:00:00Z" }), ended(0))).toBe("kill-pod");
});

test("a failed liveness probe and a changed image replace the container", () => {
  const alive = running(record("web", "running"));
  expect(plan(podOf({}), alive, { ...noProbes, liveness: () => false })).toBe("kill:web(LivenessProbe) start:web");
  expect(plan(podOf({ restartPolicy: "Never" }), alive, { ...noProbes, liveness: () => false })).toBe(
    "kill-pod kill:web(LivenessProbe)",
  );
  expect(plan(podOf({ containers: [container("web", { image: "other" })] }), alive)).toBe(
    "kill:web(DefinitionChanged) start:web",
  );
});

test("a sandbox that is gone, doubled or without an address is replaced", () => {
  const pod = podOf({});
  const alive = running(record("web", "running"));
  const [sandbox] = alive.sandboxes;
  const withSandboxes = (...sandboxes: (typeof sandbox)[]) => ({ ...alive, sandboxes: sandboxes as never });
  expect(plan(pod, withSandboxes({ ...sandbox!, ready: false }))).toBe("kill-pod sandbox:1 start:web");
  expect(plan(pod, withSandboxes({ ...sandbox!, ips: [] }))).toBe("kill-pod sandbox:1 start:web");
  expect(plan(pod, withSandboxes(sandbox, sandbox))).toBe("kill-pod sandbox:1 start:web");
  const done = { ...running(record("web", "exited")), sandboxes: [{ ...sandbox!, ready: false }] };
  expect(plan(podOf({ restartPolicy: "Never" }), done)).toBe("kill-pod");
});

test("an ephemeral container is started once", () => {
  const pod = podOf({ ephemeralContainers: [{ name: "debug", image: "image", resources: {} } as never] });
  expect(plan(pod, running(record("web", "running")))).toBe("ephemeral:debug");
  expect(plan(pod, running(record("web", "running"), record("debug", "exited")))).toBe("");
});
