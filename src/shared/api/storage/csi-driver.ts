import { duplicate, invalidValue, notSupported, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { age, NONE, UNSET } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import type { CSIDriver as T } from "../generated/storage-v1.ts";
import { defineKind } from "../kind.ts";

const POLICIES = ["ReadWriteOnceWithFSType", "File", "None"];
const MODES = ["Persistent", "Ephemeral"];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const IMMUTABLE = "field is immutable";

export const CSIDriver = defineKind<T>({
  ...facts["storage.k8s.io/v1/csidrivers"],
  cells(driver, context) {
    const { attachRequired = true, podInfoOnMount = false, storageCapacity = false, requiresRepublish = false } = driver.spec;
    const tokens = driver.spec.tokenRequests?.map((t) => t.audience).join(",") ?? UNSET;
    const modes = driver.spec.volumeLifecycleModes?.join(",") || NONE;
    const head = [driver.metadata.name, attachRequired, podInfoOnMount, storageCapacity];
    return [...head, tokens, requiresRepublish, modes, age(driver, context)];
  },
  requireResourceVersion: true,
  returnDeletedObject: true,
  prepareForUpdate(driver, old) {
    // A new one has no generation yet.
    if (!deepEqual(driver.spec, old.spec)) driver.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  setDefaults({ spec }) {
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  validate: ({ spec }) => [
    ...(POLICIES.includes(spec.fsGroupPolicy!) ? [] : [notSupported("spec.fsGroupPolicy", spec.fsGroupPolicy, POLICIES)]),
    ...validateTokenRequests(spec),
    ...(spec.volumeLifecycleModes ?? [])
      .filter((mode) => !MODES.includes(mode))
      .map((mode) => notSupported("spec.volumeLifecycleModes", mode, MODES, "given")),
    ...validateRest(spec),
  ],
  warnings({ spec }, old) {
    const advised = spec.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined;
    if (!advised || (old && deepEqual(spec.tokenRequests, old.spec.tokenRequests))) return [];
    const advice = "if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";
    return [`spec.serviceAccountTokenInSecrets is unset; ${advice}`];
  },
  validateUpdate({ spec }, { spec: old }) {
    const errors: FieldError[] = [];
    if (spec.attachRequired !== old.attachRequired)
      errors.push(invalidValue("spec.attachedRequired", spec.attachRequired, IMMUTABLE));
    const modes = spec.volumeLifecycleModes;
    if (!deepEqual(modes, old.volumeLifecycleModes)) errors.push(invalidValue("spec.volumeLifecycleModes", modes, IMMUTABLE));
    return errors;
  },
});
export type CSIDriver = T;

function validateTokenRequests({ tokenRequests = [] }: T["spec"]): FieldError[] {
  const seen = new Set<string>();
  return tokenRequests.flatMap(({ audience, expirationSeconds: seconds }, i) => {
    const field = `spec.tokenRequests[${i}]`;
    if (seen.has(audience)) return [duplicate(`${field}.audience`, audience)];
    seen.add(audience);
    if (seconds === undefined) return [];
    const wrong = (text: string) => [invalidValue(`${field}.expirationSeconds`, seconds, text)];
    if (seconds < MIN_TOKEN_SECONDS) return wrong("may not specify a duration less than 10 minutes");
    return seconds > MAX_TOKEN_SECONDS ? wrong("may not specify a duration larger than 2^32 seconds") : [];
  });
}

function validateRest({
  nodeAllocatableUpdatePeriodSeconds: period,
  serviceAccountTokenInSecrets: inSecrets,
  tokenRequests,
}: T["spec"]): FieldError[] {
  const errors: FieldError[] = [];
  if (period !== undefined && period < 10)
    errors.push(invalidValue("spec.nodeAllocatableUpdatePeriodSeconds", period, "must be greater than or equal to 10 seconds"));
  if (inSecrets !== undefined && !tokenRequests?.length) {
    const text = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
    errors.push(invalidValue("spec.serviceAccountTokenInSecrets", inSecrets, text));
  }
  return errors;
}
