import type { Job } from "../../../shared/api/index.ts";

/** How a Job has ended; undefined while it has not. */
export function finishedAs(job: Job): "Complete" | "Failed" | undefined {
  const end = job.status?.conditions?.find((c) => (c.type === "Complete" || c.type === "Failed") && c.status === "True");
  return end?.type as "Complete" | "Failed" | undefined;
}
