/**
 * ResourceQuota: what would use more than a quota of the namespace allows is refused; what fits is charged at once.
 *
 * Requests of one namespace are checked one after the other, so that two of them cannot both take the last of it. A charge is an update
 * of the quota's status; another server's change in between shows as a conflict, and the check is made again.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota v1.36
 */
import { Pod, PersistentVolumeClaim, ResourceQuota, Service } from "../../../../shared/api/index.ts";
import { isTerminating, quotaEvaluatorOf } from "../../../../shared/api/quota/index.ts";
import { isConflict, isNotFound } from "../../../../shared/apimachinery/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin, ServerContext } from "../../types.ts";
import { concerns, refuse } from "../refuse.ts";
import { charge } from "./charge.ts";

const RETRIES = 3;

export function resourceQuota(): AdmissionPlugin {
  /** The last check of each namespace: the next one waits for it. */
  const running = new Map<string, Promise<void>>();
  return {
    name: "ResourceQuota",
    handles: (a) => a.namespace !== "" && mayUseMore(a),
    validate(attributes, server) {
      const { namespace } = attributes;
      if (!quotasIn(namespace, server).length) return undefined;
      const turn = (running.get(namespace) ?? Promise.resolve()).then(() => admit(attributes, server));
      const settled = turn.then(ignore, ignore).then(() => {
        if (running.get(namespace) === settled) running.delete(namespace);
      });
      running.set(namespace, settled);
      return turn;
    },
  };
}

const ignore = () => {};

/** Creations, and the updates that can make an object use more. */
function mayUseMore(attributes: AdmissionAttributes): boolean {
  const { operation, subresource } = attributes;
  if (operation === "CREATE") return subresource === "";
  if (operation !== "UPDATE") return false;
  if (concerns(attributes, Service) || concerns(attributes, PersistentVolumeClaim) || concerns(attributes, Pod, "resize"))
    return true;
  // A pod that gets a deadline changes its scope.
  if (!concerns(attributes, Pod)) return false;
  return isTerminating((attributes.object as Pod).spec) !== isTerminating((attributes.oldObject as Pod).spec);
}

function quotasIn(namespace: string, server: ServerContext): ResourceQuota[] {
  const cache = server.cache(ResourceQuota);
  if (cache.size() === 0) return [];
  return [...cache.list()].filter((q) => q.metadata.namespace === namespace);
}

async function admit(attributes: AdmissionAttributes, server: ServerContext): Promise<void> {
  const evaluator = quotaEvaluatorOf(attributes.kind);
  if (!evaluator) return;
  const done = new Set<string>();
  for (let tries = 0; ; tries++) {
    const open = quotasIn(attributes.namespace, server).filter((q) => !done.has(q.metadata.name!));
    const result = charge(open, evaluator, attributes, server.now());
    if (result.fault) throw refuse(attributes, result.fault);
    if (attributes.dryRun) return;
    try {
      for (const quota of result.charged) {
        await server.client().updateStatus(ResourceQuota, quota);
        done.add(quota.metadata.name!);
      }
      return;
    } catch (error) {
      if (tries >= RETRIES || !(isConflict(error) || isNotFound(error))) throw error;
    }
  }
}
