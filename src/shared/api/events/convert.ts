/** Events of the core group, which are stored, and of events.k8s.io: the same thing under other names. */
import type { KubeObject } from "../../apimachinery/meta.ts";

const CORE_TO_EVENTS: Readonly<Record<string, string>> = {
  involvedObject: "regarding",
  message: "note",
  source: "deprecatedSource",
  firstTimestamp: "deprecatedFirstTimestamp",
  lastTimestamp: "deprecatedLastTimestamp",
  count: "deprecatedCount",
  reportingComponent: "reportingController",
};
const EVENTS_TO_CORE = Object.fromEntries(Object.entries(CORE_TO_EVENTS).map(([core, events]) => [events, core]));

export function convertEvent(event: KubeObject, to: { group: string; groupVersion: string }): KubeObject {
  const names = to.group === "" ? EVENTS_TO_CORE : CORE_TO_EVENTS;
  const renamed = Object.entries(event).map(([name, value]) => [names[name] ?? name, value]);
  return { ...Object.fromEntries(renamed), apiVersion: to.groupVersion } as KubeObject;
}
