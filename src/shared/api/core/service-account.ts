import type { ServiceAccount as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

const MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets";

export const ServiceAccount = defineKind<T>({
  ...facts["v1/serviceaccounts"],
  revalidatesMetadata: true,
  returnDeletedObject: true,
  prepareForCreate: keepSecretNames,
  prepareForUpdate: keepSecretNames,
  warnings({ metadata }, old) {
    const newlySet =
      metadata.annotations?.[MOUNTABLE_SECRETS] !== undefined && old?.metadata.annotations?.[MOUNTABLE_SECRETS] === undefined;
    const advice = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
    return newlySet ? [`metadata.annotations[${MOUNTABLE_SECRETS}]: ${advice}`] : [];
  },
});
export type ServiceAccount = T;

/** Of references to secrets only the name counts. */
function keepSecretNames(account: T): void {
  account.secrets = account.secrets?.map(({ name }) => ({ ...(name && { name }) }));
  if (!account.secrets) delete account.secrets;
}
