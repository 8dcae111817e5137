/**
 * What a node needs to take part: kubeconfigs of its kubelet and its kube-proxy, the kubelet's serving certificate, and the CA
 * whose clients the kubelet trusts. The CA's key stays with the server.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { kubeconfig, type ClusterPki } from "../shared/component/pki/index.ts";
import { writeAtomically } from "../shared/lib/files.ts";
import type { Cluster } from "./settings.ts";

export interface NodeFiles {
  kubeletKubeconfig: string;
  proxyKubeconfig: string;
  servingCert: string;
  servingKey: string;
  clientCa: string;
}

export function nodeFiles(nodeDir: string): NodeFiles {
  const at = (name: string) => join(nodeDir, "pki", name);
  return {
    kubeletKubeconfig: at("kubelet.kubeconfig"),
    proxyKubeconfig: at("kube-proxy.kubeconfig"),
    servingCert: at("kubelet-server.crt"),
    servingKey: at("kubelet-server.key"),
    clientCa: at("ca.crt"),
  };
}

/** `server`: the URL by which the node reaches the API server. */
export function writeNodeCredentials(
  cluster: Cluster,
  pki: ClusterPki,
  node: { index: number; address: string; server: string },
): void {
  const name = cluster.nodeName(node.index);
  const files = nodeFiles(cluster.nodeDir(node.index));
  mkdirSync(join(cluster.nodeDir(node.index), "pki"), { recursive: true, mode: 0o700 });
  const ca = pki.cluster.certPem;
  const config = (credential: Parameters<typeof kubeconfig>[0]["credential"]) =>
    kubeconfig({ name: cluster.name, server: node.server, ca, credential });
  const serving = pki.kubeletServer(name, { dns: [name], ips: [node.address, "127.0.0.1"] });
  writeAtomically(files.kubeletKubeconfig, config(pki.kubeletClient(name)));
  writeAtomically(files.proxyKubeconfig, config(pki.clientOf("kubeProxy")));
  writeAtomically(files.servingCert, serving.cert);
  writeAtomically(files.servingKey, serving.key);
  writeAtomically(files.clientCa, ca);
}
