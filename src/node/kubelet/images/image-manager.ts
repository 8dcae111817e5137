/**
 * Sees to it that a container's image is on the node, as its pull policy says, and remembers failures so as not to hammer registries.
 *
 * @source pkg/kubelet/images/image_manager.go v1.36
 */
import type { Pod, Secret } from "../../../shared/api/generated/core-v1.ts";
import type { EventType } from "../../../shared/client/index.ts";
import type { Clock } from "../../../shared/lib/platform.ts";
import type { AuthConfig, Cri, Image, SandboxConfig } from "../../cri/index.ts";
import { Backoff } from "../worker/backoff.ts";
import type { ImageUser } from "../pod/security.ts";
import { StartError } from "../worker/start-error.ts";
import { normalizeImage } from "./image-name.ts";
import { pullCredentials } from "./pull-secrets.ts";

export interface ReadyImage {
  ref: string;
  user: ImageUser;
}

export interface ImageRequest {
  pod: Pod;
  /** As the pod names it. */
  image: string;
  pullPolicy: string | undefined;
  sandboxConfig: SandboxConfig;
  /** Asked for only when something has to be pulled. */
  secrets(): Promise<Secret[]>;
  record(event: readonly [EventType, string, string]): void;
  signal: AbortSignal;
}

export class ImageManager {
  readonly #cri: Cri;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #lastError = new Map<string, string>();
  /** Pods that wait for the same image wait together. */
  readonly #pulls = new Map<string, Promise<string>>();

  constructor(cri: Cri, clock: Clock) {
    this.#cri = cri;
    this.#clock = clock;
    this.#backoff = new Backoff(() => clock.now());
  }

  /** Throws `StartError` (InvalidImageName, ErrImageNeverPull, ErrImagePull, ImagePullBackOff). */
  async ensure(request: ImageRequest): Promise<ReadyImage> {
    const { image: wanted, pullPolicy: policy = "IfNotPresent" } = request;
    const image = normalizeImage(wanted);
    if (!image) throw invalidName(wanted, request);
    const present = policy === "Always" ? undefined : await this.#cri.imageStatus(image);
    if (present) {
      const message = `Container image ${JSON.stringify(wanted)} already present on machine and can be accessed by the pod`;
      request.record(["Normal", "Pulled", message]);
      return toReady(present);
    }
    if (policy === "Never") {
      const message = `Container image ${JSON.stringify(wanted)} is not present with pull policy of Never`;
      request.record(["Warning", "ErrImageNeverPull", message]);
      throw new StartError("ErrImageNeverPull", message);
    }
    return this.#pull(image, request);
  }

  forgetPod(uid: string): void {
    this.#backoff.forget(`${uid}_`);
    for (const key of this.#lastError.keys()) if (key.startsWith(`${uid}_`)) this.#lastError.delete(key);
  }

  async #pull(image: string, request: ImageRequest): Promise<ReadyImage> {
    const wanted = request.image;
    const key = `${request.pod.metadata.uid}_${wanted}`;
    const waitUntil = this.#backoff.waitsUntil(key, this.#backoff.updatedAt(key) ?? 0);
    if (waitUntil) {
      const message = `Back-off pulling image ${JSON.stringify(wanted)}`;
      request.record(["Normal", "BackOff", message]);
      const last = this.#lastError.get(key);
      throw new StartError("ImagePullBackOff", last ? `${message}: ${last}` : message, waitUntil);
    }
    request.record(["Normal", "Pulling", `Pulling image ${JSON.stringify(wanted)}`]);
    const begun = this.#clock.monotonic();
    try {
      const ref = await this.#pullWith(pullCredentials(await request.secrets(), image), image, request);
      const ready = await this.#cri.imageStatus(ref);
      if (!ready) throw new Error(`image ${ref} is not there after it was pulled`);
      const took = `${Math.round(this.#clock.monotonic() - begun)}ms`;
      const message = `Successfully pulled image ${JSON.stringify(wanted)} in ${took} (${took} including waiting). Image size: ${ready.size} bytes.`;
      request.record(["Normal", "Pulled", message]);
      return toReady(ready);
    } catch (error) {
      if (request.signal.aborted) throw error;
      const { message } = error as Error;
      request.record(["Warning", "Failed", `Failed to pull image ${JSON.stringify(wanted)}: ${message}`]);
      this.#backoff.next(key, this.#clock.now());
      this.#lastError.set(key, `ErrImagePull: ${message}`);
      throw new StartError("ErrImagePull", message, this.#clock.now() + this.#backoff.delayMs(key));
    }
  }

  /** With each of the credentials in turn, without any where there are none. */
  async #pullWith(credentials: readonly AuthConfig[], image: string, request: ImageRequest): Promise<string> {
    let last: unknown;
    for (const auth of credentials.length > 0 ? credentials : [undefined]) {
      try {
        return await this.#pullOnce(auth, image, request);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #pullOnce(auth: AuthConfig | undefined, image: string, request: ImageRequest): Promise<string> {
    const key = `${image} ${JSON.stringify(auth ?? "")}`;
    let pull = this.#pulls.get(key);
    if (!pull) {
      pull = this.#cri.pullImage(image, auth, request.sandboxConfig).finally(() => this.#pulls.delete(key));
      this.#pulls.set(key, pull);
    }
    return abortable(pull, request.signal);
  }
}

/** The pull goes on for whoever else wants the image. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function invalidName(image: string, request: ImageRequest): StartError {
  const message = `Failed to apply default image tag ${JSON.stringify(image)}: couldn't parse image name ${JSON.stringify(image)}: invalid reference format`;
  request.record(["Warning", "InspectFailed", message]);
  return new StartError("InvalidImageName", message);
}

function toReady(image: Image): ReadyImage {
  const uid = image.uid ? image.uid.value : image.username ? undefined : 0;
  return { ref: image.id, user: { username: image.username, ...(uid !== undefined && { uid }) } };
}
