/**
 * Service account tokens for pods: asked for by TokenRequest, bound to the pod, renewed before they end.
 *
 * @source pkg/kubelet/token/token_manager.go v1.36
 */
import { ServiceAccount } from "../../../shared/api/core/service-account.ts";
import type { Pod, ServiceAccountTokenProjection } from "../../../shared/api/generated/core-v1.ts";
import type { Client } from "../../../shared/client/index.ts";
import { parseTime, type Clock } from "../../../shared/lib/platform.ts";

const DEFAULT_SECONDS = 3607;
const MAX_AGE_MS = 24 * 3_600_000;

interface Token {
  token: string;
  issuedAt: number;
  expiresAt: number;
}

export class PodTokens {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Token>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async get(pod: Pod, { audience, expirationSeconds = DEFAULT_SECONDS }: ServiceAccountTokenProjection): Promise<string> {
    const key = `${pod.metadata.uid}/${audience ?? ""}/${expirationSeconds}`;
    const known = this.#tokens.get(key);
    if (known && !this.#isOld(known)) return known.token;
    try {
      const fresh = await this.#request(pod, audience, expirationSeconds);
      this.#tokens.set(key, fresh);
      return fresh.token;
    } catch (error) {
      // An old token is better than none while it is good.
      if (known && known.expiresAt > this.#clock.now()) return known.token;
      throw error;
    }
  }

  forget(podUid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${podUid}/`)) this.#tokens.delete(key);
  }

  /** After four fifths of its life, or a day. */
  #isOld({ issuedAt, expiresAt }: Token): boolean {
    const age = this.#clock.now() - issuedAt;
    return age > MAX_AGE_MS || age > (expiresAt - issuedAt) * 0.8;
  }

  async #request(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<Token> {
    const { name, namespace, uid } = pod.metadata;
    const account = { namespace: namespace!, name: pod.spec.serviceAccountName || "default" };
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const issuedAt = this.#clock.now();
    const answer = await this.#client.subresource<{ status: { token: string; expirationTimestamp: string } }>(
      ServiceAccount,
      account,
      "token",
      { method: "POST", body },
    );
    return { token: answer.status.token, issuedAt, expiresAt: parseTime(answer.status.expirationTimestamp) };
  }
}
