/**
 * One request to an aggregated API server: over HTTPS with the front proxy's certificate, the user in headers.
 *
 * @source staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go v1.36
 */
import https from "node:https";
import type { IncomingMessage } from "node:http";
import { rootCertificates } from "node:tls";
import type { APIService } from "../../../shared/api/index.ts";
import { requestHeaderNames } from "../authn/request-header.ts";
import { serviceEndpoint, type Endpoint } from "../service-endpoint.ts";
import type { ServerContext, UserInfo } from "../types.ts";

/** PEM of the certificate that aggregated servers know the front proxy by. */
export interface FrontProxyCredentials {
  cert: string;
  key: string;
}

export interface RemoteRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string | undefined>>;
  body?: Uint8Array;
  user: UserInfo;
  signal: AbortSignal;
}

/** Belong to one connection, or say who asks: that is told anew. */
const OWN =
  /^(?::.*|connection|keep-alive|proxy-connection|transfer-encoding|te|trailer|upgrade|host|authorization|http2-settings|content-length|x-remote-.*|impersonate-.*)$/;

const agents = new Map<string, { made: string; agent: https.Agent }>();

/** Throws where the Service has no endpoint. */
export function endpointOf(api: APIService, server: ServerContext, turn: number): Endpoint {
  const { namespace = "", name = "", port = 443 } = api.spec.service!;
  return serviceEndpoint(server, namespace, name, port, turn);
}

export function sendTo(
  api: APIService,
  { host, port }: Endpoint,
  credentials: FrontProxyCredentials | undefined,
  request: RemoteRequest,
): Promise<IncomingMessage> {
  const { method, path, body, signal } = request;
  const headers: Record<string, string | string[]> = userHeaders(request.user);
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined && !OWN.test(name)) headers[name] = value;
  if (body?.length) headers["content-length"] = String(body.length);
  return new Promise((resolve, reject) => {
    const sent = https.request({ host, port, path, method, headers, signal, agent: agentOf(api, credentials) }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Connections are kept for as long as the service trusts the same authority. */
function agentOf(api: APIService, credentials: FrontProxyCredentials | undefined): https.Agent {
  const { caBundle, insecureSkipTLSVerify = false, service } = api.spec;
  const made = JSON.stringify([caBundle, insecureSkipTLSVerify, service]);
  const known = agents.get(api.metadata.name);
  if (known?.made === made) return known.agent;
  known?.agent.destroy();
  const agent = new https.Agent({
    ...credentials,
    keepAlive: true,
    rejectUnauthorized: !insecureSkipTLSVerify,
    allowPartialTrustChain: true, // as in Go, the bundle may hold the server's own certificate
    ca: caBundle ? Buffer.from(caBundle, "base64").toString() : [...rootCertificates],
    servername: `${service!.name}.${service!.namespace}.svc`,
  });
  agents.set(api.metadata.name, { made, agent });
  return agent;
}

export function forgetConnections(name: string): void {
  agents.get(name)?.agent.destroy();
  agents.delete(name);
}

function userHeaders({ name, uid, groups, extra = {} }: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    [requestHeaderNames.user]: name,
    [requestHeaderNames.group]: [...groups],
    ...(uid && { [requestHeaderNames.uid]: uid }),
  };
  for (const [key, values] of Object.entries(extra))
    headers[requestHeaderNames.extraPrefix + encodeURIComponent(key)] = [...values];
  return headers;
}
