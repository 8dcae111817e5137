/** The client side of the API: typed client, transports, informers, work queue, controller runtime, leader election, events. */
export * from "./types.ts";
export { createClient } from "./client.ts";
export { httpsTransport, type HttpsOptions } from "./https-transport.ts";
export { kubeconfigFile, kubeconfigText } from "./kubeconfig.ts";
export { createInformerFactory } from "./informer-factory.ts";
export { WorkQueue } from "./work-queue.ts";
export {
  defineController,
  done,
  indexing,
  watching,
  type Caches,
  type ControllerContext,
  type ControllerDefinition,
  type Result,
} from "./controller.ts";
export { cachesOf, runControllers, type RunControllersOptions } from "./run-controllers.ts";
export { createEventRecorder, type EventRecorder, type EventSubject, type EventType } from "./events.ts";
export { Expectations } from "./expectations.ts";
export { runAsLeader, type LeaderElectionOptions } from "./leader-election.ts";
export { CONTROLLER_UID, controllerOf, controllerReference, controllerUid, isControlledBy, refersTo } from "./owner.ts";
export { retryOnConflict } from "./retry.ts";
export { deepFreeze } from "./freeze.ts";
export { resourcePath, queryText } from "./paths.ts";
