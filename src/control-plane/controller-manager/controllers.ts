/** Every controller, by the names and service accounts upstream knows them by. Adding one is a folder and a line here. */
import { deployment } from "./deployment/index.ts";
import { replicaSet } from "./replicaset/index.ts";
import { replicationController } from "./replicationcontroller/index.ts";
import type { ControllerEntry } from "./types.ts";

export const controllers: readonly ControllerEntry[] = [
  { name: "deployment-controller", serviceAccount: "deployment-controller", make: () => deployment },
  { name: "replicaset-controller", serviceAccount: "replicaset-controller", make: () => replicaSet },
  { name: "replicationcontroller-controller", serviceAccount: "replication-controller", make: () => replicationController },
];
