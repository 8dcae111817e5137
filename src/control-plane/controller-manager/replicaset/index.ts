/** ReplicaSets: the number of pods their spec says, no more and no fewer. */
import { ReplicaSet } from "../../../shared/api/index.ts";
import { replicaController } from "../common/replicas/index.ts";
import { selectorOf } from "../common/selector-of.ts";

export const replicaSet = replicaController<ReplicaSet>({
  name: "replicaset-controller",
  kind: ReplicaSet,
  selector: (rs) => selectorOf(rs.spec.selector),
  template: (rs) => rs.spec.template!,
  owner: ({ spec, metadata, status }) => ({
    desired: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    templateLabels: spec.template?.metadata?.labels,
    generation: metadata.generation ?? 0,
    status,
  }),
  reportsTerminating: true,
});
