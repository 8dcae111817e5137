/**
 * Registry credentials out of image pull secrets.
 *
 * @source pkg/credentialprovider/{config,keyring}.go v1.36
 */
import { Secret } from "../../../shared/api/core/secret.ts";
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import { isNotFound } from "../../../shared/apimachinery/errors.ts";
import type { AuthConfig } from "../../cri/index.ts";
import type { KubeletContext } from "../context.ts";

interface Entry {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
}

/** The credentials that fit a normalized image reference, the most specific first. */
export function pullCredentials(secrets: readonly Secret[], image: string): AuthConfig[] {
  const found: { key: string; auth: AuthConfig }[] = [];
  for (const secret of secrets) {
    for (const [key, entry] of Object.entries(entriesOf(secret))) {
      if (matches(key, image)) found.push({ key, auth: toAuth(entry) });
    }
  }
  return found.sort((a, b) => b.key.length - a.key.length).map(({ auth }) => auth);
}

function entriesOf({ type, data = {} }: Secret): Record<string, Entry> {
  const json = (key: string) => (data[key] ? JSON.parse(Buffer.from(data[key], "base64").toString()) : {});
  if (type === "kubernetes.io/dockerconfigjson") return json(".dockerconfigjson").auths ?? {};
  if (type === "kubernetes.io/dockercfg") return json(".dockercfg");
  return {};
}

/** `*` stands for one part of the host name; a path has to be a prefix. */
function matches(key: string, image: string): boolean {
  const plain = key.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
  const [host = "", ...path] = plain.split("/");
  const [imageHost = "", ...imagePath] = image.split("/");
  const wanted = host === "index.docker.io" ? "docker.io" : host;
  const pattern = new RegExp(`^${wanted.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^.]*")}$`);
  return pattern.test(imageHost) && imagePath.join("/").startsWith(path.join("/"));
}

function toAuth({ username, password, auth, identitytoken }: Entry): AuthConfig {
  if (username || password) return { username, password, identity_token: identitytoken };
  const [user = "", ...rest] = Buffer.from(auth ?? "", "base64")
    .toString()
    .split(":");
  return { username: user, password: rest.join(":"), identity_token: identitytoken };
}

/** Those that the pod names and that are there. */
export async function readPullSecrets({ client, log }: Pick<KubeletContext, "client" | "log">, pod: Pod): Promise<Secret[]> {
  const { namespace } = pod.metadata;
  const found = (pod.spec.imagePullSecrets ?? []).map(async ({ name }) => {
    try {
      return await client.get(Secret, { namespace: namespace!, name: name! });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      log.warn({ pod: pod.metadata.name, namespace, secret: name }, "an image pull secret is not there: pulling without it");
      return undefined;
    }
  });
  return (await Promise.all(found)).filter((secret) => secret !== undefined);
}
