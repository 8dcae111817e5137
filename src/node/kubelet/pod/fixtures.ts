/** Pods and runtime records for the tests of the decisions: only what a test says differs from a plain one. */
import type { Container, Pod, PodSpec } from "../../../shared/api/generated/core-v1.ts";
import { containerHash } from "../runtime/labels.ts";
import { emptyRuntimePod, type RuntimeContainer, type RuntimePod, type RunState } from "../runtime/types.ts";

export const container = (name: string, rest: Partial<Container> = {}): Container => ({
  name,
  image: "image",
  resources: {},
  ...rest,
});

export function podOf(spec: Partial<PodSpec>, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "ns", uid: "u", generation: 1, ...metadata } as Pod["metadata"],
    spec: { containers: [container("web")], restartPolicy: "Always", ...spec },
    status: {},
  };
}

let created = 0;

export function record(
  name: string,
  state: RunState,
  rest: Partial<RuntimeContainer> & { restartCount?: number } = {},
): RuntimeContainer {
  const { restartCount = 0, ...own } = rest;
  return {
    id: `${name}-${restartCount}`,
    name,
    sandboxId: "s",
    state,
    createdAt: ++created,
    startedAt: 1_000_000,
    finishedAt: state === "exited" ? 2_000_000 : 0,
    exitCode: 0,
    reason: "",
    message: "",
    image: "image",
    imageRef: "sha256:1",
    notes: { hash: containerHash(container(name)), restartCount, terminationMessagePath: "", terminationMessagePolicy: "" },
    logPath: "",
    ...own,
  };
}

/** A pod whose sandbox is up; records newest first. */
export function running(...containers: RuntimeContainer[]): RuntimePod {
  const sandbox = { id: "s", attempt: 0, ready: true, createdAt: 0, network: "POD" as const, ips: ["10.0.0.1"] };
  return { ...emptyRuntimePod("u", "p", "ns"), sandboxes: [sandbox], containers };
}

export const noProbes = { startup: () => undefined, liveness: () => undefined, readiness: () => undefined };
