/**
 * `pods/eviction`: a deletion that asks the pod's disruption budget first. The budget is spent before the pod goes, and the pod is
 * marked as disrupted, so that whoever counts failures can tell.
 *
 * @source pkg/registry/core/pod/storage/eviction.go v1.36
 */
import { Pod, PodDisruptionBudget } from "../../../shared/api/index.ts";
import type { PodCondition } from "../../../shared/api/generated/core-v1.ts";
import type { Eviction } from "../../../shared/api/generated/policy-v1.ts";
import { setCondition } from "../../../shared/apimachinery/conditions.ts";
import {
  ApiError,
  apiError,
  badRequest,
  conflict,
  forbiddenError,
  invalid,
  isConflict,
  notFound,
  tooManyRequests,
} from "../../../shared/apimachinery/errors.ts";
import { invalidValue, notSupported } from "../../../shared/apimachinery/field-error.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { selectorFromObject } from "../../../shared/apimachinery/selectors.ts";
import type { DeleteOptions } from "../../../shared/client/types.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { Core } from "../core.ts";
import type { CallContext, VirtualResource } from "../types.ts";
import { mutate } from "./mutate.ts";

const evicted: KubeObject = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } as never;
const DELETE_OPTIONS = { group: "meta.k8s.io", resource: "DeleteOptions" };
/** More pods than this that are on their way out without the controller having noticed: something is wrong. */
const MAX_DISRUPTED_PODS = 2000;

export function podEviction(core: Core): VirtualResource {
  return {
    async create(object, context) {
      const eviction = object as Eviction;
      if (eviction.metadata.name !== context.name) throw badRequest("name in URL does not match name in Eviction object");
      checkOptions(eviction);
      await evict(core, context, eviction.deleteOptions ?? {});
      return evicted;
    },
  };
}

type Options = Partial<NonNullable<Eviction["deleteOptions"]>>;

function checkOptions({ deleteOptions, metadata }: Eviction): void {
  const { dryRun = [], ignoreStoreReadErrorWithClusterBreakingPotential: unsafe } = deleteOptions ?? ({} as Options);
  if (unsafe) {
    const error = invalidValue(
      "deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential",
      true,
      "can not be set for pod eviction, try after removing the option",
    );
    throw invalid({ group: "policy", resource: "Eviction" }, metadata.name, [error]);
  }
  if (dryRun.some((value) => value !== "All")) throw invalid(DELETE_OPTIONS, "", [notSupported("dryRun", dryRun, ["All"])]);
}

async function evict(core: Core, context: CallContext, options: Options): Promise<void> {
  const { namespace, name } = context;
  const dryRun = context.dryRun || Boolean(options.dryRun?.length);
  const live = (): Pod => {
    const pod = context.server.cache(Pod).get(`${namespace}/${name}`);
    if (!pod) throw notFound({ group: "", resource: "pods" }, name);
    return pod;
  };
  const pod = live();
  const budget = needsNoBudget(pod) ? undefined : budgetOf(context, pod);
  const spared = budget && isSparedUnhealthy(pod, budget);
  if (budget && !spared) await spend(core, budget, name, { dryRun, now: context.now });
  // What was judged by its health must still have it when it goes.
  const judged = spared || (pod.status.phase === "Pending" && !pod.metadata.deletionTimestamp);
  const asked = options.preconditions?.resourceVersion;
  try {
    await remove(core, context, {
      options,
      dryRun,
      resourceVersion: asked ?? (judged ? pod.metadata.resourceVersion : undefined),
    });
  } catch (error) {
    if (budget && spared && !asked && isConflict(error)) throw stillProcessed(budget);
    throw error;
  }
}

/** It runs no more, or not yet: its going disrupts nothing. */
function needsNoBudget({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || ["Succeeded", "Failed", "Pending"].includes(status.phase ?? "");
}

function budgetOf({ server, namespace }: CallContext, pod: Pod): PodDisruptionBudget | undefined {
  const covering: PodDisruptionBudget[] = [];
  for (const budget of server.cache(PodDisruptionBudget).list()) {
    if (budget.metadata.namespace === namespace && selectorFromObject(budget.spec.selector).matches(pod.metadata.labels))
      covering.push(budget);
  }
  if (covering.length > 1)
    throw apiError(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
  return covering[0];
}

/** A pod that is not ready may go where the budget says so, or where enough others are healthy. */
function isSparedUnhealthy(
  { status }: Pod,
  { spec, status: { currentHealthy = 0, desiredHealthy = 0 } }: PodDisruptionBudget,
): boolean {
  const ready = status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True");
  if (ready) return false;
  return spec.unhealthyPodEvictionPolicy === "AlwaysAllow" || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

async function spend(
  core: Core,
  { metadata }: PodDisruptionBudget,
  pod: string,
  { dryRun, now }: { dryRun: boolean; now: number },
): Promise<void> {
  const place = { namespace: metadata.namespace ?? "", name: metadata.name };
  await mutate<PodDisruptionBudget>(core, core.resources.of(PodDisruptionBudget), place, { dryRun }, (budget) => {
    checkAllowance(budget);
    const { status } = budget;
    status.disruptionsAllowed = allowed(budget) - 1;
    status.disruptedPods = { ...status.disruptedPods, [pod]: formatTime(now) };
    if (status.disruptionsAllowed > 0) return;
    const exhausted = {
      type: "DisruptionAllowed",
      status: "False",
      reason: "InsufficientPods",
      message: "",
      observedGeneration: status.observedGeneration,
      lastTransitionTime: formatTime(now),
    };
    status.conditions = setCondition(status.conditions, exhausted, formatTime(now));
  });
}

const allowed = ({ status }: PodDisruptionBudget) => status.disruptionsAllowed ?? 0;

function checkAllowance(budget: PodDisruptionBudget): void {
  const { metadata, status } = budget;
  const refuse = (why: string) => forbiddenError({ group: "policy", resource: "poddisruptionbudget" }, metadata.name, why);
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) throw stillProcessed(budget);
  if (allowed(budget) < 0) throw refuse("pdb disruptions allowed is negative");
  if (Object.keys(status.disruptedPods ?? {}).length > MAX_DISRUPTED_PODS)
    throw refuse("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if (allowed(budget) === 0) throw wouldViolate(0, reasonWhyNot(budget));
}

function reasonWhyNot({ metadata: { name }, status }: PodDisruptionBudget): string {
  const condition = status.conditions?.find(({ type }) => type === "DisruptionAllowed");
  const told = condition?.status === "False" && condition.message ? condition : undefined;
  if (told?.reason === "SyncFailed")
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${told.message}`;
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  if (currentHealthy <= desiredHealthy)
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return `The disruption budget ${name} does not allow evicting pods currently${told ? ` (${told.reason}): ${told.message}` : ""}`;
}

const stillProcessed = ({ metadata }: PodDisruptionBudget) =>
  wouldViolate(10, `The disruption budget ${metadata.name} is still being processed by the server.`);

function wouldViolate(retryAfterSeconds: number, message: string): ApiError {
  const error = tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfterSeconds);
  error.status.details = { ...error.status.details, causes: [{ reason: "DisruptionBudget", message }] };
  return error;
}

async function remove(
  core: Core,
  context: CallContext,
  { options, dryRun, resourceVersion }: { options: Options; dryRun: boolean; resourceVersion: string | undefined },
): Promise<void> {
  const { namespace, name, now } = context;
  const { uid } = options.preconditions ?? {};
  let version = resourceVersion;
  if (!dryRun) {
    const marked = await mutate<Pod>(core, core.resources.of(Pod), { namespace, name }, { dryRun }, (pod) => {
      checkPreconditions(pod, uid, resourceVersion);
      const condition: PodCondition = {
        type: "DisruptionTarget",
        status: "True",
        reason: "EvictionByEvictionAPI",
        message: "Eviction API: evicting",
      };
      pod.status.conditions = setCondition(pod.status.conditions, condition, formatTime(now));
    });
    if (version) version = marked.metadata.resourceVersion;
  }
  const preconditions = { ...(uid && { uid }), ...(version && { resourceVersion: version }) };
  const { gracePeriodSeconds, propagationPolicy } = options;
  await context.server.client().delete(
    Pod,
    { namespace, name },
    {
      dryRun,
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(propagationPolicy && { propagationPolicy: propagationPolicy as NonNullable<DeleteOptions["propagationPolicy"]> }),
      ...(Object.keys(preconditions).length && { preconditions }),
    },
  );
}

function checkPreconditions({ metadata }: Pod, uid: string | undefined, resourceVersion: string | undefined): void {
  const refuse = (what: string, wanted: string, found: string, may: string) =>
    conflict(
      { group: "", resource: "Pod" },
      metadata.name,
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found}). The object might have been ${may}`,
    );
  if (uid && uid !== metadata.uid) throw refuse("UID", uid, metadata.uid, "deleted and then recreated");
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    throw refuse("ResourceVersion", resourceVersion, metadata.resourceVersion, "modified");
}
