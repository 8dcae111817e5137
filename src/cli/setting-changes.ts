/** Which settings of a cluster that there is can be changed by another `up`, and when. */
import { isDeepStrictEqual } from "node:util";
import type { ClusterSettings } from "../cluster/settings.ts";

/** Objects in the store and files of nodes were made with these. */
const FIXED = ["nodeKind", "serviceCidr", "podCidr", "clusterDnsIp", "clusterDomain", "etcdEndpoints"] as const;
/** Processes read these when they start. */
const READ_AT_START = ["port", "proxyMode", "registryMirrors"] as const;

/** What stands against making `existing` as `wanted`; undefined: nothing. */
export function settingFault(
  existing: ClusterSettings,
  wanted: Partial<ClusterSettings>,
  { runs }: { runs: boolean },
): string | undefined {
  const { name } = existing;
  const differs = (key: keyof ClusterSettings) => wanted[key] !== undefined && !isDeepStrictEqual(wanted[key], existing[key]);
  const said = (key: keyof ClusterSettings) => `${key}: ${shown(wanted[key])}: cluster ${name}`;
  const fixed = FIXED.find(differs);
  if (fixed) return `${said(fixed)} was made with ${shown(existing[fixed])} and keeps it; choose another --name`;
  const late = runs ? READ_AT_START.find(differs) : undefined;
  if (late) return `${said(late)} runs with ${shown(existing[late])}; 'knarr down --name ${name}' first`;
  if (wanted.nodes !== undefined && wanted.nodes < existing.nodes)
    return `${said("nodes")} has ${existing.nodes}, and none can be taken away; choose another --name`;
  return undefined;
}

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
