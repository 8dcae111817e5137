/**
 * The environment of a container: envFrom, then env in its order with `$(NAME)` of what came before, then the services of the namespace.
 *
 * @source pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, pkg/kubelet/envvars/envvars.go v1.36
 */
import { hasClusterIP } from "../../../shared/api/core/service-addresses.ts";
import type { ConfigMap, Container, EnvVarSource, Secret, Service } from "../../../shared/api/generated/core-v1.ts";
import { expand, lookupIn } from "./expansion.ts";
import { fieldValue, resourceValue, type DownwardContext } from "./field-ref.ts";

export interface EnvSources extends DownwardContext {
  /** undefined: there is no such object. */
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  services: readonly Service[];
}

export async function containerEnv(container: Container, sources: EnvSources): Promise<Map<string, string>> {
  const services = serviceEnv(sources);
  const env = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    const ref = from.configMapRef ?? from.secretRef;
    const data = from.configMapRef
      ? await configMapData(from.configMapRef.name!, sources)
      : await secretData(ref!.name!, sources);
    if (!data && ref!.optional) continue;
    if (!data) throw missingObject(from.configMapRef ? "configmap" : "secret", ref!.name!);
    for (const [key, value] of data) env.set(`${from.prefix ?? ""}${key}`, value);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (value) env.set(name, expand(value, lookupIn(env, services)));
    else if (!valueFrom) env.set(name, "");
    else {
      const found = await fromSource(valueFrom, container, sources);
      if (found !== undefined) env.set(name, found);
    }
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value);
  return env;
}

/** undefined: optional and absent, the variable is left out. */
async function fromSource(source: EnvVarSource, container: Container, sources: EnvSources): Promise<string | undefined> {
  if (source.fieldRef) return fieldValue(source.fieldRef, sources);
  if (source.resourceFieldRef) return resourceValue(source.resourceFieldRef, sources, container);
  const ref = source.configMapKeyRef ?? source.secretKeyRef;
  if (!ref) throw new Error("environment variables from files are not supported");
  const data = source.configMapKeyRef ? await configMapData(ref.name!, sources) : await secretData(ref.name!, sources);
  const value = data?.get(ref.key);
  if (value !== undefined || ref.optional) return value;
  if (!data) throw missingObject(source.configMapKeyRef ? "configmap" : "secret", ref.name!);
  const kind = source.configMapKeyRef ? "ConfigMap" : "Secret";
  throw new Error(`couldn't find key ${ref.key} in ${kind} ${sources.pod.metadata.namespace}/${ref.name}`);
}

const missingObject = (resource: string, name: string) => new Error(`${resource} ${JSON.stringify(name)} not found`);

async function configMapData(name: string, sources: EnvSources): Promise<Map<string, string> | undefined> {
  const object = await sources.configMap(name);
  return object && new Map(Object.entries(object.data ?? {}));
}

async function secretData(name: string, sources: EnvSources): Promise<Map<string, string> | undefined> {
  const object = await sources.secret(name);
  return (
    object && new Map(Object.entries(object.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]))
  );
}

/** The API itself is always told of; other services of the namespace unless `enableServiceLinks` is false. */
function serviceEnv({ pod, services }: Pick<EnvSources, "pod" | "services">): Map<string, string> {
  const links = pod.spec.enableServiceLinks !== false;
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace } = service.metadata;
    if (!hasClusterIP(service)) continue;
    const isApi = namespace === "default" && name === "kubernetes";
    if (isApi && !chosen.has(name!)) chosen.set(name!, service);
    else if (!isApi && links && namespace === pod.metadata.namespace) chosen.set(name!, service);
  }
  const env = new Map<string, string>();
  for (const service of chosen.values()) addService(env, service);
  return env;
}

function addService(env: Map<string, string>, { metadata, spec }: Service): void {
  const prefix = envName(metadata.name!);
  const ports = spec.ports ?? [];
  const host = spec.clusterIP!;
  const address = host.includes(":") ? `[${host}]` : host;
  env.set(`${prefix}_SERVICE_HOST`, host);
  if (ports[0]) env.set(`${prefix}_SERVICE_PORT`, String(ports[0].port));
  for (const [index, { name, port, protocol = "TCP" }] of ports.entries()) {
    if (name) env.set(`${prefix}_SERVICE_PORT_${envName(name)}`, String(port));
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${address}:${port}`;
    if (index === 0) env.set(`${prefix}_PORT`, url);
    const link = `${prefix}_PORT_${port}_${protocol}`;
    env.set(link, url);
    env.set(`${link}_PROTO`, scheme);
    env.set(`${link}_PORT`, String(port));
    env.set(`${link}_ADDR`, host);
  }
}

const envName = (name: string) => name.replaceAll("-", "_").toUpperCase();
