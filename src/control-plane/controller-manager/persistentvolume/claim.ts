/** One claim: finds its volume and binds the two, or says why not. */
import { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../../shared/api/index.ts";
import type { PersistentVolumeClaimStatus } from "../../../shared/api/generated/core-v1.ts";
import type { ControllerContext } from "../../../shared/client/index.ts";
import { sameOnTheWire } from "../common/write-status.ts";
import { classOf, findVolume, isHeldFor } from "./match.ts";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
const PROVISIONER = "volume.kubernetes.io/storage-provisioner";
const BETA_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner";
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const NO_PROVISIONER = "kubernetes.io/no-provisioner";

type Claim = PersistentVolumeClaim;
type Context = ControllerContext<any>;

export async function syncClaim(claim: Claim, context: Context): Promise<void> {
  if (claim.metadata.annotations?.[BIND_COMPLETED]) return checkBound(claim, context);
  const { volumeName } = claim.spec ?? {};
  if (volumeName) {
    const volume = context.cache.get(PersistentVolume, volumeName);
    if (!volume) return setPhase(claim, { phase: "Pending" }, context);
    if (volume.spec?.claimRef && !isHeldFor(volume, claim)) {
      const message = `volume "${volumeName}" already bound to a different claim.`;
      context.events.event(claim, "Warning", "FailedBinding", message);
      return setPhase(claim, { phase: "Pending" }, context);
    }
    return bind(claim, volume, context);
  }
  const volume = waits(claim, context) ? undefined : findVolume(claim, context.cache.list(PersistentVolume));
  return volume ? bind(claim, volume, context) : explain(claim, context);
}

/** The class leaves the choice to the scheduler, which knows the pod. */
function waits(claim: Claim, { cache }: Context): boolean {
  const storageClass = classOf(claim) && cache.get(StorageClass, classOf(claim));
  if (!storageClass || storageClass.volumeBindingMode !== "WaitForFirstConsumer") return false;
  return !claim.metadata.annotations?.[SELECTED_NODE];
}

async function explain(claim: Claim, context: Context): Promise<void> {
  const { events, cache, client } = context;
  const name = classOf(claim);
  const storageClass = name ? cache.get(StorageClass, name) : undefined;
  if (waits(claim, context)) {
    events.event(claim, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
  } else if (!name) {
    events.event(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
  } else if (!storageClass) {
    events.event(claim, "Warning", "ProvisioningFailed", `storageclass.storage.k8s.io "${name}" not found`);
  } else if (storageClass.provisioner === NO_PROVISIONER) {
    events.event(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
  } else {
    const { provisioner } = storageClass;
    const message =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
      "If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
    events.event(claim, "Normal", "ExternalProvisioning", message);
    if (claim.metadata.annotations?.[PROVISIONER] !== provisioner) {
      const annotations = { ...claim.metadata.annotations, [PROVISIONER]: provisioner, [BETA_PROVISIONER]: provisioner };
      await client.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, annotations } });
      return;
    }
  }
  await setPhase(claim, { phase: "Pending" }, context);
}

/** Four writes, each of which may be the last one done: the volume is held, then Bound, then the claim names it, then it is Bound. */
async function bind(claim: Claim, volume: PersistentVolume, context: Context): Promise<void> {
  const held = await holdVolume(claim, volume, context);
  if (held.status?.phase !== "Bound")
    await context.client.updateStatus(PersistentVolume, { ...held, status: { ...held.status, phase: "Bound" } });
  await setPhase(await nameVolume(claim, held, context), boundStatus(held), context);
}

async function holdVolume(claim: Claim, volume: PersistentVolume, { client }: Context): Promise<PersistentVolume> {
  if (volume.spec?.claimRef?.uid === claim.metadata.uid) return volume;
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const chosenHere = !volume.spec?.claimRef;
  return client.update(PersistentVolume, {
    ...volume,
    metadata: {
      ...volume.metadata,
      annotations: { ...volume.metadata.annotations, ...(chosenHere && { [BOUND_BY_CONTROLLER]: "yes" }) },
    },
    spec: {
      ...volume.spec,
      claimRef: { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace: namespace!, name, uid, resourceVersion },
    },
  });
}

async function nameVolume(claim: Claim, { metadata: { name } }: PersistentVolume, { client }: Context): Promise<Claim> {
  if (claim.spec?.volumeName === name && claim.metadata.annotations?.[BIND_COMPLETED]) return claim;
  const chosenHere = !claim.spec?.volumeName;
  const annotations = {
    ...claim.metadata.annotations,
    [BIND_COMPLETED]: "yes",
    ...(chosenHere && { [BOUND_BY_CONTROLLER]: "yes" }),
  };
  return client.update(PersistentVolumeClaim, {
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...claim.spec, volumeName: name },
  });
}

function boundStatus({ spec }: PersistentVolume): PersistentVolumeClaimStatus {
  return {
    phase: "Bound",
    ...(spec?.accessModes && { accessModes: spec.accessModes }),
    ...(spec?.capacity && { capacity: spec.capacity }),
  };
}

async function checkBound(claim: Claim, context: Context): Promise<void> {
  const lose = (reason: string, message: string) => {
    if (claim.status?.phase !== "Lost") context.events.event(claim, "Warning", reason, message);
    return setPhase(claim, { phase: "Lost" }, context);
  };
  const { volumeName } = claim.spec ?? {};
  if (!volumeName) return lose("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
  const volume = context.cache.get(PersistentVolume, volumeName);
  if (!volume) return lose("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
  if (volume.spec?.claimRef && !isHeldFor(volume, claim))
    return lose("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
  return bind(claim, volume, context);
}

async function setPhase(claim: Claim, status: PersistentVolumeClaimStatus, { client }: Context): Promise<void> {
  const next = { ...claim.status, ...status };
  // A claim that was resized keeps what it has.
  if (claim.status?.phase === "Bound" && claim.status.capacity) next.capacity = claim.status.capacity;
  if (!sameOnTheWire(claim.status, next)) await client.updateStatus(PersistentVolumeClaim, { ...claim, status: next });
}
