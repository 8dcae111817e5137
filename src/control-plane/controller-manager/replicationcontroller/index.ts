/** ReplicationControllers: what came before ReplicaSets, with an equality selector. */
import { ReplicationController } from "../../../shared/api/index.ts";
import type { ReplicaSetStatus } from "../../../shared/api/generated/apps-v1.ts";
import { nothing } from "../../../shared/apimachinery/index.ts";
import { replicaController } from "../common/replicas/index.ts";
import { mapSelectorOf } from "../common/selector-of.ts";

export const replicationController = replicaController<ReplicationController>({
  name: "replication-controller",
  kind: ReplicationController,
  selector: ({ spec }) => (spec?.selector && Object.keys(spec.selector).length ? mapSelectorOf(spec.selector) : nothing),
  template: (rc) => rc.spec!.template!,
  owner: ({ spec, metadata, status }) => ({
    desired: spec?.replicas ?? 1,
    minReadySeconds: spec?.minReadySeconds ?? 0,
    templateLabels: spec?.template?.metadata?.labels,
    generation: metadata.generation ?? 0,
    status: status as ReplicaSetStatus | undefined,
  }),
  reportsTerminating: false,
});
