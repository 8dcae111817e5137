/** Informers shared by all who ask for the same kind and options. */
import type { Kind } from "../api/kind.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import { silentLogger, type Logger } from "../lib/logger.ts";
import { realPlatform, type Platform } from "../lib/platform.ts";
import type { InformerBase } from "./informer-base.ts";
import { SharedInformer } from "./shared-informer.ts";
import type { Client, Informer, InformerFactory, InformerOptions } from "./types.ts";
import { WatchInformer } from "./watch-informer.ts";

/**
 * Informers for whole kinds are views of the server's cache where the transport has one (`sharedCache`); over HTTPS, and with selectors, they
 * list and watch.
 */
export function createInformerFactory(client: Client, options: { platform?: Platform; log?: Logger } = {}): InformerFactory {
  const { platform = realPlatform, log = silentLogger } = options;
  const informers = new Map<string, InformerBase<any>>();

  function make<T extends KubeObject>(kind: Kind<T>, o: InformerOptions): InformerBase<T> {
    const whole = !o.namespace && !o.fieldSelector && !o.labelSelector;
    if (whole && client.transport.sharedCache) return new SharedInformer(client, kind, platform, log);
    return new WatchInformer(client, kind, o, platform, log);
  }

  return {
    informer<T extends KubeObject>(kind: Kind<T>, o: InformerOptions = {}): Informer<T> {
      const id = [kind.groupVersion, kind.plural, o.namespace, o.fieldSelector, o.labelSelector].join("|");
      let informer = informers.get(id) as InformerBase<T> | undefined;
      if (!informer) informers.set(id, (informer = make(kind, o)));
      return informer;
    },
    async start(signal) {
      for (const informer of informers.values()) informer.start();
      const all = Promise.all([...informers.values()].map((informer) => informer.whenSynced()));
      await (signal ? Promise.race([all, aborted(signal)]) : all);
    },
    close() {
      for (const informer of informers.values()) informer.close();
    },
  };
}

/** Rejects when the signal is aborted; one listener however many wait. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
