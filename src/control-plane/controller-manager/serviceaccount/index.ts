/** Every namespace has a service account `default`, and gets it back when it is deleted. */
import { Namespace, ServiceAccount } from "../../../shared/api/index.ts";
import { isAlreadyExists } from "../../../shared/apimachinery/index.ts";
import { defineController, done, watching } from "../../../shared/client/index.ts";
import { isNamespaceTerminating } from "../common/pod-control.ts";

const NAME = "default";

export const serviceAccount = defineController({
  name: "serviceaccount-controller",
  for: Namespace,
  watches: [
    watching(
      ServiceAccount,
      (sa) => (sa.metadata.name === NAME ? [sa.metadata.namespace!] : []),
      (_sa, _old, deleted) => deleted,
    ),
  ],
  async reconcile(key, { cache, client }) {
    const ns = cache.get(Namespace, key);
    if (!ns || ns.metadata.deletionTimestamp || cache.get(ServiceAccount, `${key}/${NAME}`)) return done;
    await client.create(ServiceAccount, { metadata: { name: NAME, namespace: key } }).catch((error: unknown) => {
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
    });
    return done;
  },
});
