/** What scenarios share: a cluster for one file, and waiting for what it comes to. */
import type { Client } from "../../src/shared/client/index.ts";
import { realClock, sleep } from "../../src/shared/lib/platform.ts";
import { Pod } from "../../src/shared/api/index.ts";

const PATIENCE_MS = 30_000;

/** Asks until the answer is neither undefined nor false; fails with what was waited for. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = realClock.monotonic() + PATIENCE_MS; realClock.monotonic() < end;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(realClock, 20);
  }
  throw new Error(`waited ${PATIENCE_MS} ms for: ${what}`);
}

/** undefined where the object does not exist. */
export const orAbsent = <T>(answer: Promise<T>): Promise<T | undefined> => answer.catch(() => undefined);

export const template = (labels: Record<string, string>, spec: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: "app", image: "app", ports: [{ name: "http", containerPort: 8080 }] }], ...spec },
});

/** Ends a pod as its containers would. */
export async function finish(client: Client, pod: Pod, phase: "Succeeded" | "Failed", exitCode: number): Promise<void> {
  const terminated = { exitCode, finishedAt: "2026-01-02T03:04:05Z" };
  const containerStatuses = [{ name: "app", image: "app", imageID: "app", ready: false, restartCount: 0, state: { terminated } }];
  const status = { phase, containerStatuses, conditions: [{ type: "Ready", status: "False" }] };
  await client.patch(Pod, pod.metadata, "strategic", { status }, { subresource: "status" });
}
