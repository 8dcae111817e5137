/** One call of a webhook over HTTPS: a document goes out, a document comes back, or the reason why not. */
import { request as httpsRequest, type RequestOptions } from "node:https";
import { isIP } from "node:net";
import { rootCertificates, type SecureContextOptions } from "node:tls";
import type { WebhookClientConfig } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import { serviceEndpoint } from "../../service-endpoint.ts";
import type { ServerContext } from "../../types.ts";

/** As in Go, a bundle may hold the server's own certificate, or an intermediate: what it holds is trusted, whoever signed it. */
const ANY_ANCHOR: SecureContextOptions = { allowPartialTrustChain: true };
const MAX_REDIRECTS = 10;
/** Codes that send the same request on, with its body. */
const REPEATING = new Set([307, 308]);
const MAX_ANSWER = 3 * 1024 * 1024;

/** The JSON that was answered with 200. Rejects with an Error that tells what went wrong. */
export async function callWebhook(
  config: WebhookClientConfig,
  server: ServerContext,
  body: object,
  timeoutSeconds: number,
): Promise<unknown> {
  const { options, url } = addressOf(config, server, timeoutSeconds);
  const payload = Buffer.from(JSON.stringify(body));
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  const { code, text } = await send(
    {
      ...options,
      ...ANY_ANCHOR,
      signal,
      headers: { "content-type": "application/json", accept: "application/json", "content-length": payload.length },
    },
    payload,
  ).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Post ${JSON.stringify(url)}: ${told(error, signal)}`, { cause: error });
  });
  if (code !== 200) throw new Error(text.trim() || `the server responded with the status code ${code}`);
  return JSON.parse(text);
}

function addressOf(
  { url, service, caBundle }: WebhookClientConfig,
  server: ServerContext,
  timeoutSeconds: number,
): { options: RequestOptions; url: string } {
  const ca = caBundle ? Buffer.from(caBundle, "base64").toString() : [...rootCertificates];
  if (url) {
    const target = new URL(url);
    target.searchParams.set("timeout", `${timeoutSeconds}s`);
    const { hostname, port, pathname, search } = target;
    const host = hostname.replace(/^\[|\]$/g, "");
    return { url: target.href, options: { method: "POST", host, port: port || 443, path: pathname + search, ca, agent: false } };
  }
  const { namespace, name, path = "/", port = 443 } = service!;
  const { host, port: number } = serviceEndpoint(server, namespace, name, port, Math.floor(server.now()));
  const servername = `${name}.${namespace}.svc`;
  const full = `${path.startsWith("/") ? path : `/${path}`}?timeout=${timeoutSeconds}s`;
  return {
    url: `https://${servername}:${port}${full}`,
    options: { method: "POST", host, port: number, path: full, ca, servername, headers: { host: servername }, agent: false },
  };
}

interface Answered {
  code: number;
  text: string;
  location?: string | undefined;
}

/** Follows where the same server sends a call on: Go's own router does so for a path with a double slash. */
async function send(options: RequestOptions, payload: Buffer): Promise<Answered> {
  let answered = await sendOnce(options, payload);
  for (let hops = 0; hops < MAX_REDIRECTS && REPEATING.has(answered.code) && answered.location?.startsWith("/"); hops++)
    answered = await sendOnce({ ...options, path: answered.location }, payload);
  return answered;
}

function sendOnce(options: RequestOptions, payload: Buffer): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER) request.destroy(new Error("the answer is too large"));
        else chunks.push(chunk);
      });
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ code: response.statusCode ?? 0, text, location: response.headers.location });
      });
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(payload);
  });
}

/** The common failures in the words that operators know. */
function told(error: NodeJS.ErrnoException & { address?: string; port?: number }, signal: AbortSignal): string {
  if (signal.aborted) return "context deadline exceeded";
  if (error.code !== "ECONNREFUSED" || !error.address) return error.message;
  const host = isIP(error.address) === 6 ? `[${error.address}]` : error.address;
  return `dial tcp ${host}:${error.port}: connect: connection refused`;
}
