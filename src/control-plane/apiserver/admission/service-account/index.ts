/**
 * Every pod runs as a service account of its namespace and, unless somebody says otherwise, finds its token, the cluster's CA and its
 * namespace mounted in every container.
 *
 * @source plugin/pkg/admission/serviceaccount v1.36
 */
import type { Container, PodSpec, Volume } from "../../../../shared/api/generated/core-v1.ts";
import { Pod, ServiceAccount } from "../../../../shared/api/index.ts";
import { sleep, type Platform } from "../../../../shared/lib/platform.ts";
import type { AdmissionAttributes, AdmissionPlugin, ServerContext } from "../../types.ts";
import { mountableSecretFault } from "./mountable-secrets.ts";
import { secretsOf } from "../../pod-references.ts";
import { concerns, nameFault, refuse } from "../refuse.ts";

const MIRROR_POD = "kubernetes.io/config.mirror";
const ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets";
const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX = "kube-api-access-";
const TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
/** Letters of generated names: no vowels, nothing that reads like something else. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
/** A controller makes the default account right after its namespace: how often and how long to wait for it. */
const TRIES = 10;
const WAIT_MS = 100;

export function serviceAccount({ clock, random }: Platform): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    handles: (a) =>
      (a.operation === "CREATE" && concerns(a, Pod)) || (a.operation === "UPDATE" && concerns(a, Pod, "ephemeralcontainers")),
    async admit(attributes, server) {
      const pod = attributes.object as Pod;
      if (attributes.operation !== "CREATE" || isMirror(pod)) return check(attributes, server);
      pod.spec.serviceAccountName ||= "default";
      pod.spec.serviceAccount = pod.spec.serviceAccountName;
      const account = await accountOf(attributes, server);
      if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)
        mountToken(pod.spec, generateName);
      if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map(({ name = "" }) => ({ name }));
      }
      return check(attributes, server);
    },
    validate: check,
  };

  async function accountOf(attributes: AdmissionAttributes, server: ServerContext): Promise<ServiceAccount> {
    const { serviceAccountName: name = "" } = (attributes.object as Pod).spec;
    const key = `${attributes.namespace}/${name}`;
    const accounts = server.cache(ServiceAccount);
    for (let tried = 1; ; tried++) {
      const account = accounts.get(key);
      if (account) return account;
      if (name !== "default" || tried === TRIES) break;
      await sleep(clock, WAIT_MS);
    }
    const why = nameFault(name) ?? `serviceaccount ${JSON.stringify(name)} not found`;
    throw refuse(attributes, `error looking up service account ${key}: ${why}`);
  }

  async function check(attributes: AdmissionAttributes, server: ServerContext): Promise<void> {
    const pod = attributes.object as Pod;
    if (isMirror(pod) && attributes.operation === "CREATE") return checkMirror(attributes, pod.spec);
    if (!pod.spec.serviceAccountName)
      throw refuse(attributes, `no service account specified for pod ${attributes.namespace}/${pod.metadata.name}`);
    const account = await accountOf(attributes, server);
    if (!TRUE.has(account.metadata.annotations?.[ENFORCE_MOUNTABLE] ?? "")) return;
    const fault = mountableSecretFault(pod.spec, account, attributes.operation === "CREATE" ? "all" : "ephemeral");
    if (fault) throw refuse(attributes, fault);
  }

  function generateName(): string {
    return VOLUME_PREFIX + Array.from(random.bytes(5), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
  }
}

const isMirror = (pod: Pod) => pod.metadata.annotations?.[MIRROR_POD] !== undefined;

/** A mirror pod only shows what a node runs by itself: it must not open the way to anything else. */
function checkMirror(attributes: AdmissionAttributes, spec: PodSpec): void {
  if (spec.serviceAccountName) throw refuse(attributes, "a mirror pod may not reference service accounts");
  if (!secretsOf(spec).next().done) throw refuse(attributes, "a mirror pod may not reference secrets");
  const projected = (spec.volumes ?? []).flatMap((v) => v.projected?.sources ?? []);
  if (projected.some((s) => s.serviceAccountToken))
    throw refuse(attributes, "a mirror pod may not use ServiceAccountToken volume projections");
}

function mountToken(spec: PodSpec, generateName: () => string): void {
  const present = spec.volumes?.find((v) => v.name.startsWith(VOLUME_PREFIX));
  const name = present?.name ?? generateName();
  const mounted = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((c) => mountIn(c, name)).includes(true);
  if (!present && mounted) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

/** What is mounted at the place already stays. */
function mountIn(container: Container, name: string): boolean {
  if (container.volumeMounts?.some((m) => m.mountPath === MOUNT_PATH)) return false;
  container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }];
  return true;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
      ],
    },
  };
}
