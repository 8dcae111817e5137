/** Every namespace has a ConfigMap `kube-root-ca.crt` with the certificate authority that pods verify the API server with. */
import { ConfigMap, Namespace } from "../../../shared/api/index.ts";
import { isAlreadyExists, isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, done, watching, type ControllerDefinition } from "../../../shared/client/index.ts";
import { isNamespaceTerminating } from "../common/pod-control.ts";

const NAME = "kube-root-ca.crt";
const FIELD = "ca.crt";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. " +
  "No other usage is guaranteed across distributions of Kubernetes clusters.";

/** `rootCa` is PEM. */
export function rootCaPublisher(rootCa: string): ControllerDefinition {
  return defineController({
    name: "root-ca-certificate-publisher-controller",
    for: Namespace,
    watches: [watching(ConfigMap, (cm) => (cm.metadata.name === NAME ? [cm.metadata.namespace!] : []))],
    async reconcile(key, { cache, client }) {
      const ns = cache.get(Namespace, key);
      if (!ns || ns.metadata.deletionTimestamp) return done;
      const existing = cache.get(ConfigMap, `${key}/${NAME}`);
      const annotations = { "kubernetes.io/description": DESCRIPTION };
      const data = { [FIELD]: rootCa };
      if (!existing) {
        await client
          .create(ConfigMap, { metadata: { name: NAME, namespace: key, annotations }, data })
          .catch((error: unknown) => {
            if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
          });
      } else if (existing.data?.[FIELD] !== rootCa || Object.keys(existing.data).length !== 1) {
        const metadata = { ...existing.metadata, annotations: { ...existing.metadata.annotations, ...annotations } };
        await client.update(ConfigMap, { ...existing, metadata, data }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
      return done;
    },
  });
}
