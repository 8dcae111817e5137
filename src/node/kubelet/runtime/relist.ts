/**
 * When to look at the runtime: every second, or, where containerd tells of ends itself, at once after each and seldom in between.
 *
 * @source pkg/kubelet/pleg/generic.go v1.36
 */
import { pause } from "../../../shared/lib/platform.ts";
import { watchContainerEnds } from "../../cri/index.ts";
import type { KubeletContext } from "../context.ts";

const POLL_MS = 1_000;
const QUIET_POLL_MS = 3_000;
/** The notice comes shortly before CRI knows: look, and look again if nothing is seen yet. */
const AFTER_NOTICE_MS = [10, 40, 150, 400];

/** `wake` is called with the uid of each pod that is not as it was. Resolves with the signal. */
export async function relistForever(
  { cri, view, platform, log }: KubeletContext,
  wake: (uid: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = platform;
  let live = false;
  let notices = 0;
  let rest = new AbortController();
  const interrupt = () => rest.abort(new Error("interrupted"));
  const onEnd = () => {
    notices++;
    interrupt();
  };
  // One listener for all pauses: a signal made of two would stay with the long-lived one, once a look.
  signal.addEventListener("abort", interrupt, { once: true });
  const ends = watchContainerEnds(cri.socket, { onEnd, onState: (state) => (live = state) }, signal);
  const look = async (): Promise<boolean> => {
    try {
      const changed = await view.relist();
      changed.forEach(wake);
      return changed.length > 0;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, "the runtime could not be listed");
      return false;
    }
  };
  while (!signal.aborted) {
    while (notices > 0 && !signal.aborted) {
      notices = 0;
      for (const wait of AFTER_NOTICE_MS) {
        await pause(clock, wait, signal);
        if (await look()) break;
      }
    }
    await look();
    rest = new AbortController();
    if (notices === 0 && !signal.aborted) await pause(clock, live ? QUIET_POLL_MS : POLL_MS, rest.signal);
  }
  await ends;
}
