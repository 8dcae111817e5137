/** Accounts that list the secrets their pods may use (annotation `kubernetes.io/enforce-mountable-secrets`). */
import type { PodSpec } from "../../../../shared/api/generated/core-v1.ts";
import type { ServiceAccount } from "../../../../shared/api/index.ts";
import type { AnyContainer } from "../../pod-references.ts";

/** The first reference that the account does not list, told; undefined where all is well. */
export function mountableSecretFault(spec: PodSpec, account: ServiceAccount, which: "all" | "ephemeral"): string | undefined {
  const mountable = new Set(account.secrets?.map((s) => s.name));
  const rest = `is not allowed because service account ${account.metadata.name} does not reference that`;
  if (which === "ephemeral") return containerFault("ephemeral container", spec.ephemeralContainers, mountable, rest);
  const volume = spec.volumes?.find((v) => v.secret && !mountable.has(v.secret.secretName ?? ""));
  if (volume) return `volume with secret.secretName="${volume.secret!.secretName ?? ""}" ${rest} secret`;
  return (
    containerFault("init container", spec.initContainers, mountable, rest) ??
    containerFault("container", spec.containers, mountable, rest) ??
    pullFault(spec, new Set(account.imagePullSecrets?.map((s) => s.name)), rest)
  );
}

function containerFault(
  what: string,
  containers: readonly AnyContainer[] = [],
  mountable: ReadonlySet<string | undefined>,
  rest: string,
) {
  for (const { name, env = [], envFrom = [] } of containers) {
    const variable = env.find((e) => e.valueFrom?.secretKeyRef && !mountable.has(e.valueFrom.secretKeyRef.name));
    if (variable) {
      return `${what} ${name} with envVar ${variable.name} referencing secret.secretName="${variable.valueFrom!.secretKeyRef!.name}" ${rest} secret`;
    }
    const source = envFrom.find((e) => e.secretRef && !mountable.has(e.secretRef.name));
    if (source) return `${what} ${name} with envFrom referencing secret.secretName="${source.secretRef!.name}" ${rest} secret`;
  }
  return undefined;
}

function pullFault(
  { imagePullSecrets = [] }: PodSpec,
  allowed: ReadonlySet<string | undefined>,
  rest: string,
): string | undefined {
  const i = imagePullSecrets.findIndex((s) => !allowed.has(s.name));
  return i < 0 ? undefined : `imagePullSecrets[${i}].name="${imagePullSecrets[i]!.name}" ${rest} imagePullSecret`;
}
