/** The client side of the API: typed client, transports, informers, work queue, controller runtime, events. */
export * from "./types.ts";
export { createClient } from "./client.ts";
export { httpsTransport } from "./https-transport.ts";
export { Outages } from "./outage.ts";
export { kubeconfigFile, kubeconfigText } from "./kubeconfig.ts";
export { createInformerFactory } from "./informer-factory.ts";
export {
  defineController,
  done,
  indexing,
  watching,
  type ControllerContext,
  type ControllerDefinition,
  type Result,
} from "./controller.ts";
export { runControllers } from "./run-controllers.ts";
export { createEventRecorder, type EventRecorder, type EventType } from "./events.ts";
export { CONTROLLER_UID, controllerOf, controllerReference, controllerUid, isControlledBy, refersTo } from "./owner.ts";
export { deepFreeze } from "./freeze.ts";
