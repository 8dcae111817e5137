/** What a request costs in the codec: a ConfigMap of 2 KB (the load of the create figures) and a Pod. */
import { decodeBytes } from "../apimachinery/decode.ts";
import { encodeJsonBytes } from "../apimachinery/encode.ts";
import { decodeProtobuf, encodeProtobuf } from "../apimachinery/protobuf/index.ts";
import { realClock } from "../lib/platform.ts";
import { structSchema } from "./schemas.ts";

export interface Figure {
  name: string;
  value: number;
  unit: string;
}

const container = (i: number) => ({
  name: `c${i}`,
  image: "registry.example/app:1",
  ports: [{ containerPort: 80, name: "http" }],
  resources: { limits: { cpu: "500m", memory: "128Mi" }, requests: { cpu: "100m", memory: "64Mi" } },
  env: [
    { name: "A", value: "b" },
    { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  ],
  readinessProbe: { httpGet: { path: "/", port: 80 }, periodSeconds: 5 },
});
const metadata = { name: "one", namespace: "default", labels: { app: "x", tier: "y" } };
const data = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`key-${i}`, "some value of moderate length ".repeat(5)]));

const samples = [
  { kind: "ConfigMap", object: { apiVersion: "v1", kind: "ConfigMap", metadata, data } },
  {
    kind: "Pod",
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: { containers: [container(0), container(1)], volumes: [{ name: "v", emptyDir: {} }] },
    },
  },
];

/** Microseconds of each step, after warming up. */
export function benchCodec(rounds = 20_000): Figure[] {
  const figures: Figure[] = [];
  const start = realClock.monotonic();
  if (structSchema("io.k8s.api.core.v1.Pod").fields.size === 0) throw new Error("a pod without fields");
  figures.push({ name: "first schema", value: realClock.monotonic() - start, unit: "ms" });
  for (const { kind, object } of samples) {
    const schema = structSchema(`io.k8s.api.core.v1.${kind}`);
    const bytes = Buffer.from(JSON.stringify(object));
    const normal = decodeBytes<{ kind: string }>(schema, bytes).object;
    const protobuf = encodeProtobuf(schema, normal);
    const measure = (step: string, run: () => unknown) =>
      figures.push({ name: `${kind} of ${bytes.length} bytes: ${step}`, value: microseconds(run, rounds), unit: "µs" });
    measure("decode, strict", () => decodeBytes(schema, bytes, { strict: true }));
    measure("encode", () => encodeJsonBytes(schema, normal));
    measure("decode protobuf", () => decodeProtobuf(schema, protobuf));
    measure("encode protobuf", () => encodeProtobuf(schema, normal));
  }
  return figures;
}

function microseconds(run: () => unknown, rounds: number): number {
  for (let i = 0; i < rounds / 4; i++) run();
  const start = realClock.monotonic();
  for (let i = 0; i < rounds; i++) run();
  return ((realClock.monotonic() - start) * 1000) / rounds;
}
