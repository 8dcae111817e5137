/** A kubeconfig with everything in it: server, CA, client certificate and key. */
import type { KeyedCertificate } from "../../lib/x509/index.ts";

export interface KubeconfigOptions {
  /** Cluster, user and context are called this. */
  name: string;
  /** `https://127.0.0.1:6443` */
  server: string;
  /** PEM. */
  ca: string;
  credential: KeyedCertificate | { token: string };
  namespace?: string;
}

export function kubeconfig({ name, server, ca, credential, namespace }: KubeconfigOptions): string {
  const q = (text: string) => JSON.stringify(text);
  const user =
    "token" in credential
      ? [`    token: ${q(credential.token)}`]
      : [`    client-certificate-data: ${base64(credential.cert)}`, `    client-key-data: ${base64(credential.key)}`];
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    `- name: ${q(name)}`,
    "  cluster:",
    `    server: ${q(server)}`,
    `    certificate-authority-data: ${base64(ca)}`,
    "users:",
    `- name: ${q(name)}`,
    "  user:",
    ...user,
    "contexts:",
    `- name: ${q(name)}`,
    "  context:",
    `    cluster: ${q(name)}`,
    `    user: ${q(name)}`,
    ...(namespace ? [`    namespace: ${q(namespace)}`] : []),
    `current-context: ${q(name)}`,
    "",
  ].join("\n");
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
