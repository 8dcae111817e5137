/** What a rule language must do for the proxy: nftables and iptables have one each. */
import type { PortPlan } from "./plan.ts";

export interface ProxyBackend {
  /** Brings the kernel in step with changed plans (Service port id → plan, undefined for gone). After a throw, the next call writes everything. */
  apply(changes: ReadonlyMap<string, PortPlan | undefined>): Promise<void>;
  /** Makes the next `apply` write everything, whatever it believes to be there. */
  requestFull(): void;
  /** Milliseconds after which it wants an `apply` again for its own sake. */
  readonly cleanupDueMs: number | undefined;
}

export interface BackendOptions {
  clusterCidr?: string;
  serviceCidrs: readonly string[];
  nodePortAddresses: readonly string[];
  /** Called when rules are written: the node's addresses as they are known then. */
  nodeIps(): readonly string[];
}
