/** What the controller manager is started with. */
import type { ControllerDefinition, Client, InformerFactory } from "../../shared/client/index.ts";
import type { Authority } from "../../shared/component/pki/index.ts";
import type { Logger } from "../../shared/lib/logger.ts";
import type { Platform } from "../../shared/lib/platform.ts";

export interface ControllerManagerSettings {
  /** Pod addresses; each node gets a part of them. Absent: nodes get none from here. */
  clusterCidr?: string;
  /** Prefix length of a node's part; default 24. */
  nodeCidrMaskSize?: number;
  /** PEM of the certificate authority that pods verify the API server with: `kube-root-ca.crt`. */
  rootCa?: string;
  /** Signs approved requests for client and kubelet certificates. Absent: nothing is signed. */
  signer?: Authority;
}

export interface ControllerManagerOptions extends ControllerManagerSettings {
  client: Client;
  informers: InformerFactory;
  platform: Platform;
  log?: Logger;
  /** Names of `controllers.ts`; default all. */
  controllers?: readonly string[];
  /** A client that acts as this service account of kube-system; default `client` for all. */
  clientFor?(serviceAccount: string): Client;
}

/** One line of the table in controllers.ts. */
export interface ControllerEntry {
  /** As in `--controllers`. */
  name: string;
  /** In kube-system: its role is what the controller may do. */
  serviceAccount: string;
  make(settings: ControllerManagerSettings): ControllerDefinition | undefined;
}
