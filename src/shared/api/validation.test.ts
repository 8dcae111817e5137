/** What new objects look like and are told, case by case as a v1.36 API server answered. */
import { expect, test } from "vitest";
import { decodeValue } from "../apimachinery/decode.ts";
import {
  APIService,
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicationController,
  StatefulSet,
  StorageClass,
} from "./index.ts";
import type { Kind } from "./kind.ts";

type Json = Record<string, any>;

const context = { subresource: "", dryRun: false, now: 0 };

function created(kind: Kind<any>, spec: Json, metadata: Json = {}): { object: Json; errors: string[] } {
  const { object } = decodeValue<Json>(kind.schema, { metadata: { name: "x", namespace: "n", uid: "u", ...metadata }, spec });
  kind.setDefaults?.(object);
  kind.prepareForCreate?.(object, context);
  const errors = kind.validate?.(object, context) ?? [];
  return { object, errors: errors.map(({ field, message }) => `${field}: ${message}`) };
}

const container = { name: "c", image: "i" };
const pod = (more: Json = {}, inContainer: Json = {}) => ({ containers: [{ ...container, ...inContainer }], ...more });
const template = (spec: Json = pod()) => ({ metadata: { labels: { a: "b" } }, spec });
const workload = (more: Json = {}) => ({ selector: { matchLabels: { a: "b" } }, template: template(), ...more });
const withVolume = (source: Json) => pod({ volumes: [{ name: "v", ...source }] });
const limits = (of: Json) => pod({}, { resources: { limits: { cpu: "1", ...of } } });
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
const pages = "1 is not positive integer multiple of hugepages-2Mi";
const badSelector = { matchLabels: { a: "b" }, matchExpressions: [{ key: "k", operator: "Near" }] };
const shownSelector = '{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"Near"}]}';
const noOperator = 'spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator';

test.each<[string, Kind<any>, Json, string[]]>([
  [
    "pages of another size",
    Pod,
    limits({ "hugepages-2Mi": "1" }),
    ["limits", "requests"].map((side) => `spec.containers[0].resources.${side}[hugepages-2Mi]: Invalid value: "1": ${pages}`),
  ],
  [
    "a quota's resource",
    Pod,
    limits({ "requests.cpu": "1" }),
    ["limits", "requests"].map(
      (side) =>
        `spec.containers[0].resources.${side}[requests.cpu]: Invalid value: "requests.cpu": must be a standard resource for containers`,
    ),
  ],
  [
    "half a pod",
    Pod,
    pod({ overhead: { pods: "1m" } }),
    [
      'spec.overhead.limits[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.overhead.limits[pods]: Invalid value: "1m": must be an integer',
    ],
  ],
  [
    "a pod-level resource without a domain",
    Pod,
    pod({ resources: { limits: { k: "1" } } }),
    ['spec.resources.limits[k]: Invalid value: "k": must be a standard resource type or fully qualified'],
  ],
  [
    "a claim without a name",
    Pod,
    pod({}, { resources: { claims: [{}] } }),
    ["spec.containers[0].resources.claims[0]: Required value"],
  ],
  [
    "a rule without an action",
    Pod,
    pod({}, { restartPolicy: "Never", restartPolicyRules: [{ exitCodes: { operator: "In" } }] }),
    [
      'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "": supported values: "Restart", "RestartAllContainers"',
    ],
  ],
  [
    "an ephemeral volume's labels",
    Pod,
    withVolume({ ephemeral: { volumeClaimTemplate: { metadata: { labels: { "": "x" } }, spec: claim } } }),
    [
      "name part must be non-empty",
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ].map((text) => `spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.labels: Invalid value: "": ${text}`),
  ],
  [
    "an iSCSI name of a form that none has",
    Pod,
    withVolume({ iscsi: { targetPortal: "10.0.0.1", iqn: "naa.0123456789abcdef", lun: 0 } }),
    ['spec.volumes[0].iscsi.iqn: Invalid value: "naa.0123456789abcdef": must be valid format'],
  ],
  [
    "a registry without a port",
    Pod,
    withVolume({ quobyte: { registry: "x", volume: "v" } }),
    ['spec.volumes[0].quobyte.registry: Invalid value: "x": must be a host:port pair or multiple pairs separated by commas'],
  ],
  [
    "a secret without a name",
    Pod,
    withVolume({ cinder: { volumeID: "v", secretRef: {} } }),
    ["spec.volumes[0].cinder.secretRef.name: Required value"],
  ],
  [
    "an empty preemption policy",
    Deployment,
    workload({ template: template(pod({ preemptionPolicy: "" })) }),
    ["spec.template.spec.preemptionPolicy: Required value"],
  ],
  [
    "a Deployment that cannot select",
    Deployment,
    workload({ selector: badSelector }),
    [noOperator, `spec.selector: Invalid value: ${shownSelector}: invalid label selector`],
  ],
  ["a DaemonSet that cannot select", DaemonSet, workload({ selector: badSelector }), [noOperator]],
  [
    "a StatefulSet that cannot select",
    StatefulSet,
    workload({ selector: badSelector }),
    [noOperator, `spec.selector: Invalid value: ${shownSelector}`],
  ],
  [
    "no strategy of a DaemonSet",
    DaemonSet,
    workload({ updateStrategy: { type: "x", rollingUpdate: { maxSurge: 1 } } }),
    [
      'spec.updateStrategy: Unsupported value: {"Type":"x","RollingUpdate":{"MaxUnavailable":0,"MaxSurge":1}}: supported values: "RollingUpdate", "OnDelete"',
    ],
  ],
  [
    "no strategy of a Deployment",
    Deployment,
    workload({ strategy: { type: "x", rollingUpdate: { maxSurge: 1 } } }),
    [
      'spec.strategy: Unsupported value: {"Type":"x","RollingUpdate":{"MaxUnavailable":0,"MaxSurge":1}}: supported values: "Recreate", "RollingUpdate"',
    ],
  ],
  [
    "pairs that are no labels",
    ReplicationController,
    { selector: { a: " " }, template: template() },
    ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
  ],
  [
    "no policies",
    HorizontalPodAutoscaler,
    { maxReplicas: 2, scaleTargetRef: { kind: "D", name: "d", apiVersion: "a/v1" }, behavior: { scaleDown: { policies: [] } } },
    ["spec.behavior.scaleDown.policies: Required value: must specify at least one Policy"],
  ],
  [
    "both of a budget",
    PodDisruptionBudget,
    { minAvailable: 1, maxUnavailable: "5%" },
    [
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"5%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  [
    "success of a Job without indexes",
    Job,
    { successPolicy: { rules: [{ succeededCount: 1 }] }, template: { spec: pod({ restartPolicy: "Never" }) } },
    [
      'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
    ],
  ],
  [
    "two sources",
    PersistentVolumeClaim,
    {
      ...claim,
      dataSource: { kind: "PersistentVolumeClaim", name: "a" },
      dataSourceRef: { kind: "PersistentVolumeClaim", name: "b" },
    },
    ["spec: Invalid value: {}: must match dataSourceRef"],
  ],
])("refuses %s", (_, kind, spec, errors) => {
  expect(created(kind, spec).errors).toEqual(errors);
});

test.each([
  ["nginx", "Always"],
  ["nginx:latest", "Always"],
  ["reg.io:5000/a/b:latest@sha256:0", "Always"],
  ["nginx:1", "IfNotPresent"],
  ["nginx@sha256:0", "IfNotPresent"],
  ["Bad_Name!", "IfNotPresent"],
  ["/abs", "IfNotPresent"],
  ["x".repeat(256), "IfNotPresent"],
])("image %s is pulled %s", (image, policy) => {
  expect(created(Pod, pod({}, { image })).object.spec.containers[0].imagePullPolicy).toBe(policy);
});

test("what belongs to features that are off goes, in templates too", () => {
  const spec = pod({ schedulingGroup: { podGroupName: "g" } }, { lifecycle: { stopSignal: "SIGTERM" } });
  const made = [
    created(Pod, spec).object.spec,
    created(Deployment, workload({ template: template(spec) })).object.spec.template.spec,
    created(StatefulSet, workload({ template: template(spec) })).object.spec.template.spec,
    created(CronJob, { schedule: "* * * * *", jobTemplate: { spec: { template: template(spec) } } }).object.spec.jobTemplate.spec
      .template.spec,
  ];
  for (const { schedulingGroup, containers } of made) {
    expect(schedulingGroup).toBeUndefined();
    expect(containers[0].lifecycle).toBeUndefined();
  }
});

test("labels of a Job that equal its template's stay as they are", () => {
  const spec = { template: { metadata: { labels: { a: "b" } }, spec: pod({ restartPolicy: "Never" }) } };
  expect(created(Job, spec, { labels: { a: "b" } }).object.metadata.labels).toEqual({ a: "b" });
  expect(created(Job, spec).object.metadata.labels).toMatchObject({ a: "b", "batch.kubernetes.io/controller-uid": "u" });
});

test("maps are kept in key order", () => {
  expect(Object.keys(created(Pod, pod(), { labels: { b: "", a: "" } }).object.metadata.labels)).toEqual(["a", "b"]);
});

test("errors of decoding name embedded structs and Go's own types", () => {
  const decode = (spec: Json) => () => decodeValue(Pod.schema, { spec });
  expect(decode({ volumes: [{ emptyDir: "x" }] })).toThrow("Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type");
  expect(decode({ overhead: [] })).toThrow(
    "cannot unmarshal array into Go struct field PodSpec.spec.overhead of type v1.ResourceList",
  );
  expect(() => decodeValue(Pod.schema, { metadata: { uid: 5 } })).toThrow("ObjectMeta.metadata.uid of type types.UID");
});

test("a volume's status keeps the time of its phase", () => {
  const status = { phase: "Bound" } as PersistentVolume["status"];
  const old = { phase: "Bound", lastPhaseTransitionTime: "2020-01-01T00:00:00Z" } as const;
  PersistentVolume.prepareForStatusUpdate?.({ status } as PersistentVolume, { status: old } as PersistentVolume, context);
  expect(status).toEqual(old);
});

test("an ephemeral container is told of members that are empty", () => {
  const ephemeral = { name: "e", image: "i", ports: [], lifecycle: {}, resources: {} };
  const { errors } = created(Pod, pod({ ephemeralContainers: [ephemeral] }));
  const at = (member: string) => `spec.ephemeralContainers[0].${member}: Forbidden: cannot be set for an Ephemeral Container`;
  expect(errors).toEqual(expect.arrayContaining([at("ports"), at("lifecycle")]));
  expect(errors).not.toContain(at("resources"));
});

test("a local APIService is available from the start", () => {
  const conditions = (spec: Json) => created(APIService, spec).object.status?.conditions;
  expect(conditions({ version: "v1" })).toMatchObject([{ type: "Available", status: "True", reason: "Local" }]);
  expect(conditions({ version: "v1", service: { namespace: "a", name: "b" } })).toBe(undefined);
});

test.each([
  [[{}], ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""']],
  [
    [{ matchLabelExpressions: [{ key: "a", values: [] }] }],
    ["allowedTopologies[0].matchLabelExpressions[0].values: Required value"],
  ],
  [
    [{ matchLabelExpressions: [{ key: "a", values: ["b", "b"] }] }],
    ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "b"'],
  ],
  [
    [
      {
        matchLabelExpressions: [
          { key: "b", values: ["x"] },
          { key: "a", values: ["b", "c"] },
        ],
      },
      {
        matchLabelExpressions: [
          { key: "a", values: ["c", "b"] },
          { key: "b", values: ["x"] },
        ],
      },
    ],
    ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
  ],
])("topologies of a storage class are validated (%#)", (allowedTopologies, errors) => {
  const found = StorageClass.validate!({ provisioner: "a/b", allowedTopologies } as never, context);
  expect(found.map(({ field, message }) => `${field}: ${message}`)).toEqual(errors);
});

test("a file of no volume is required and not found", () => {
  const env = [{ name: "X", valueFrom: { fileKeyRef: { path: "a", key: "b" } } }];
  const at = "spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName";
  expect(created(Pod, pod({}, { env })).errors).toEqual([`${at}: Required value`, `${at}: Not found: ""`]);
});
