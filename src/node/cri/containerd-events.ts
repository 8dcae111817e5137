/**
 * containerd's own notice that a container's process is gone: CRI of 1.6 sends none. Only a hint to look again; polling remains the truth.
 *
 * @source containerd api/services/events/v1/events.proto, api/events/task.proto
 */
import grpc from "@grpc/grpc-js";
import { realClock, pause } from "../../shared/lib/platform.ts";

const METHOD = "/containerd.services.events.v1.Events/Subscribe";
/** Said when the record of an ended init process is removed, which is when CRI is about to tell of the end. */
const FILTER = 'topic=="/tasks/delete"';
const RETRY_MS = 2_000;

/** Calls `onEnd` at each end of a container, and `onState` when the subscription comes or goes; resolves with the signal. */
export async function watchContainerEnds(
  socket: string,
  handlers: { onEnd(): void; onState(live: boolean): void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await subscribe(socket, handlers, signal);
    handlers.onState(false);
    await pause(realClock, RETRY_MS, signal);
  }
}

function subscribe(
  socket: string,
  { onEnd, onState }: Parameters<typeof watchContainerEnds>[1],
  signal: AbortSignal,
): Promise<void> {
  const client = new grpc.Client(`unix://${socket}`, grpc.credentials.createInsecure(), {
    "grpc.default_authority": "localhost",
  });
  const metadata = new grpc.Metadata();
  metadata.set("containerd-namespace", "k8s.io");
  // SubscribeRequest: one filter, field 1. What an event says is not read.
  const request = Buffer.concat([Buffer.from([0x0a, FILTER.length]), Buffer.from(FILTER)]);
  const stream = client.makeServerStreamRequest(
    METHOD,
    (bytes: Buffer) => bytes,
    () => null,
    request,
    metadata,
  );
  return new Promise((resolve) => {
    const stop = () => stream.cancel();
    signal.addEventListener("abort", stop, { once: true });
    const end = () => {
      signal.removeEventListener("abort", stop);
      client.close();
      resolve();
    };
    client.waitForReady(realClock.now() + RETRY_MS, (error) => onState(!error));
    stream.on("data", onEnd);
    stream.on("error", end);
    stream.on("end", end);
  });
}
