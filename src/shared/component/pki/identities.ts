/** Who is who: the subject of every certificate that a cluster hands out to its own parts. */
import type { LeafRequest } from "../../lib/x509/index.ts";

export interface Identity {
  /** Base name of its files, as kubeadm names them where it has them. */
  file: string;
  commonName: string;
  organizations: readonly string[];
  usages: LeafRequest["usages"];
  authority: "cluster" | "front-proxy";
}

const client = (file: string, commonName: string, ...organizations: string[]): Identity => ({
  file,
  commonName,
  organizations,
  usages: ["client"],
  authority: "cluster",
});

export const identities = {
  apiserver: { ...client("apiserver", "kube-apiserver"), usages: ["server"] },
  apiserverKubeletClient: client("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
  frontProxyClient: { ...client("front-proxy-client", "front-proxy-client"), authority: "front-proxy" },
  admin: client("admin", "kubernetes-admin", "system:masters"),
  scheduler: client("kube-scheduler", "system:kube-scheduler"),
  controllerManager: client("kube-controller-manager", "system:kube-controller-manager"),
  cloudControllerManager: client("cloud-controller-manager", "system:cloud-controller-manager"),
  kubeProxy: client("kube-proxy", "system:kube-proxy", "system:node-proxier"),
} as const satisfies Record<string, Identity>;

/** The kubelet as a client of the API server. */
export const kubeletClient = (node: string): Identity => client(`kubelet-${node}`, `system:node:${node}`, "system:nodes");

/** The kubelet's own HTTPS port. */
export const kubeletServer = (node: string): Identity => ({
  ...client(`kubelet-${node}-server`, `system:node:${node}`, "system:nodes"),
  usages: ["server"],
});
