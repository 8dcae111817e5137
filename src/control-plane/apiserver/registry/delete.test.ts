import { expect, test } from "vitest";
import { ConfigMap, Deployment, Job, Namespace, Pod } from "../../../shared/api/index.ts";
import type { Kind } from "../../../shared/api/kind.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import { planDelete } from "./delete.ts";
import { deleteOptions } from "./options.ts";

const NOW = Date.UTC(2026, 0, 1);

function plan(kind: Kind<any>, object: object, options: object = {}): string {
  const { metadata, ...rest } = object as { metadata?: object };
  const whole = {
    kind: kind.kind,
    apiVersion: kind.groupVersion,
    metadata: { name: "x", ...metadata },
    ...rest,
  } as unknown as KubeObject;
  const made = planDelete(kind, whole, deleteOptions({ ...options }), NOW);
  if (made.type !== "mark") return made.type;
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = made.object.metadata;
  const inSeconds = (Date.parse(deletionTimestamp!) - NOW) / 1000;
  return `mark +${inSeconds}s grace ${deletionGracePeriodSeconds} [${finalizers.join(" ")}]${made.held ? " held" : ""}`;
}

const onNode = { spec: { nodeName: "n", containers: [] }, status: {} };
const dying = (grace: number) => ({
  metadata: { deletionTimestamp: formatTime(NOW + 10_000), deletionGracePeriodSeconds: grace },
});

test.each<[string, Kind<any>, object, object, string]>([
  ["nothing holds it", ConfigMap, {}, {}, "now"],
  ["finalizers hold it", ConfigMap, { metadata: { finalizers: ["a/b"] } }, {}, "mark +0s grace 0 [a/b] held"],
  [
    "foreground adds its finalizer",
    Deployment,
    {},
    { propagationPolicy: "Foreground" },
    "mark +0s grace 0 [foregroundDeletion] held",
  ],
  [
    "a policy takes the other finalizer away",
    ConfigMap,
    { metadata: { finalizers: ["orphan"] } },
    { propagationPolicy: "Background" },
    "now",
  ],
  ["jobs orphan unless told otherwise", Job, {}, {}, "mark +0s grace 0 [orphan] held"],
  ["a pod on a node has grace", Pod, onNode, {}, "mark +30s grace 30 []"],
  ["of the length asked for", Pod, onNode, { gracePeriodSeconds: 5 }, "mark +5s grace 5 []"],
  ["which may become shorter", Pod, { ...onNode, ...dying(30) }, { gracePeriodSeconds: 25 }, "mark +5s grace 25 []"],
  ["not longer", Pod, { ...onNode, ...dying(30) }, { gracePeriodSeconds: 60 }, "pending"],
  ["and ends at once with 0", Pod, { ...onNode, ...dying(30) }, { gracePeriodSeconds: 0 }, "mark +0s grace 0 []"],
  ["a namespace is only marked at first", Namespace, { spec: {}, status: {} }, {}, "mark +0s grace undefined [] held"],
  [
    "and waits for its own finalizers",
    Namespace,
    { ...dying(0), spec: { finalizers: ["kubernetes"] }, status: {} },
    {},
    "pending",
  ],
])("%s", (_name, kind, object, options, expected) => {
  expect(plan(kind, object, options)).toBe(expected);
});
