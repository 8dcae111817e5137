/** Connection settings out of a kubeconfig: the current context's server and credentials. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import type { HttpsOptions } from "./https-transport.ts";

interface Cluster {
  server: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
}

interface User {
  token?: string;
  tokenFile?: string;
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
}

interface Kubeconfig {
  clusters?: { name: string; cluster: Cluster }[];
  users?: { name: string; user: User }[];
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  "current-context"?: string;
}

/** @throws Error when the file names a context, cluster or user that it does not have. */
export function kubeconfigFile(path: string, context?: string): HttpsOptions {
  return kubeconfigText(readFileSync(path, "utf8"), { directory: dirname(path), ...(context && { context }) });
}

/** `directory` is what relative file names in the text are relative to. */
export function kubeconfigText(
  text: string,
  { context, directory = "." }: { context?: string; directory?: string } = {},
): HttpsOptions {
  const config = (parse(text) ?? {}) as Kubeconfig;
  const name = context ?? config["current-context"] ?? "";
  const chosen = find(config.contexts, name, "context").context;
  const { cluster } = find(config.clusters, chosen.cluster, "cluster");
  const { user } = find(config.users, chosen.user, "user");
  const data = (inline: string | undefined, file: string | undefined) =>
    inline ? Buffer.from(inline, "base64") : file ? readFileSync(resolve(directory, file)) : undefined;
  const ca = data(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const cert = data(user["client-certificate-data"], user["client-certificate"]);
  const key = data(user["client-key-data"], user["client-key"]);
  const token = user.token ?? (user.tokenFile && (() => readFileSync(resolve(directory, user.tokenFile!), "utf8").trim()));
  return {
    server: cluster.server,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(token && { token }),
    ...(cluster["tls-server-name"] && { serverName: cluster["tls-server-name"] }),
    ...(cluster["insecure-skip-tls-verify"] && { insecureSkipVerify: true }),
  };
}

function find<T extends { name: string }>(list: T[] | undefined, name: string, what: string): T {
  const found = list?.find((e) => e.name === name);
  if (!found) throw new Error(`kubeconfig has no ${what} ${JSON.stringify(name)}`);
  return found;
}
