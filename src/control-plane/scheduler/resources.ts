/**
 * What a pod asks for and what a node has, as plain numbers: CPU in millicores, memory and storage in bytes, everything else
 * in whole units.
 */
import { quantityMilli, quantityValue } from "../../shared/apimachinery/index.ts";
import type { Container, PodSpec } from "../../shared/api/generated/core-v1.ts";

export interface Resources {
  cpuMillis: number;
  memory: number;
  ephemeralStorage: number;
  /** Extended resources and hugepages, by name. */
  scalar: Map<string, number>;
}

export function noResources(): Resources {
  return { cpuMillis: 0, memory: 0, ephemeralStorage: 0, scalar: new Map() };
}

/** Containers without a request count as this much when nodes are compared (not when they are filtered). */
const DEFAULT_CPU_MILLIS = 100;
const DEFAULT_MEMORY = 200 * 1024 * 1024;

export function add(to: Resources, list: Readonly<Record<string, string>> | undefined, sign = 1): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    if (name === "cpu") to.cpuMillis += sign * quantityMilli(text);
    else if (name === "memory") to.memory += sign * quantityValue(text);
    else if (name === "ephemeral-storage") to.ephemeralStorage += sign * quantityValue(text);
    else if (name !== "pods") to.scalar.set(name, (to.scalar.get(name) ?? 0) + sign * quantityValue(text));
  }
}

export function addAll(to: Resources, other: Resources, sign: 1 | -1): void {
  to.cpuMillis += sign * other.cpuMillis;
  to.memory += sign * other.memory;
  to.ephemeralStorage += sign * other.ephemeralStorage;
  for (const [name, n] of other.scalar) to.scalar.set(name, (to.scalar.get(name) ?? 0) + sign * n);
}

function largest(to: Resources, other: Resources): void {
  to.cpuMillis = Math.max(to.cpuMillis, other.cpuMillis);
  to.memory = Math.max(to.memory, other.memory);
  to.ephemeralStorage = Math.max(to.ephemeralStorage, other.ephemeralStorage);
  for (const [name, n] of other.scalar) to.scalar.set(name, Math.max(to.scalar.get(name) ?? 0, n));
}

type RequestsOf = (container: Container) => Readonly<Record<string, string>> | undefined;

const stated: RequestsOf = (container) => container.resources?.requests;

const assumed: RequestsOf = (container) => ({
  cpu: `${DEFAULT_CPU_MILLIS}m`,
  memory: String(DEFAULT_MEMORY),
  ...container.resources?.requests,
});

/**
 * The larger of what the containers ask for together and of what each step of initialization needs; sidecars (init
 * containers that restart always) count from their start on; overhead is added; pod-level requests win.
 *
 * @source staging/src/k8s.io/component-helpers/resource/helpers.go v1.36
 */
function total(spec: PodSpec, of: RequestsOf): Resources {
  const sum = noResources();
  for (const container of spec.containers ?? []) add(sum, of(container));
  const sidecars = noResources();
  const starting = noResources();
  for (const container of spec.initContainers ?? []) {
    const step = noResources();
    add(step, of(container));
    addAll(step, sidecars, 1);
    if (container.restartPolicy === "Always") {
      add(sidecars, of(container));
      add(sum, of(container));
    }
    largest(starting, step);
  }
  largest(sum, starting);
  for (const [name, text] of Object.entries(spec.resources?.requests ?? {})) replace(sum, name, text);
  add(sum, spec.overhead);
  return sum;
}

function replace(sum: Resources, name: string, text: string): void {
  if (name === "cpu") sum.cpuMillis = 0;
  else if (name === "memory") sum.memory = 0;
  else sum.scalar.delete(name);
  add(sum, { [name]: text });
}

export function podRequests(spec: PodSpec): Resources {
  return total(spec, stated);
}

/** As `podRequests`, with the defaults for containers that ask for nothing. */
export function podRequestsForScoring(spec: PodSpec): Resources {
  return total(spec, assumed);
}
