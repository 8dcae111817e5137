/**
 * `pods/log`: the kubelet's answer, as it comes.
 *
 * @source pkg/registry/core/pod/rest/log.go, pkg/registry/core/pod/strategy.go LogLocation v1.36
 */
import { apiError, badRequest, invalid } from "../../../shared/apimachinery/errors.ts";
import type { FieldError } from "../../../shared/apimachinery/field-error.ts";
import { forbidden, invalidValue } from "../../../shared/apimachinery/field-error.ts";
import { canonicalTime } from "../../../shared/apimachinery/time.ts";
import type { ConnectAnswer, ConnectContext, ConnectResource } from "../types.ts";
import { requestKubelet, type KubeletCredentials } from "./kubelet-connection.ts";
import { containerOf, kubeletOf, podOf } from "./pod-container.ts";
import { acceptWebSocket, websocketProtocols } from "./websocket.ts";

const PARAMETERS = ["follow", "previous", "timestamps", "sinceSeconds", "sinceTime", "tailLines", "limitBytes", "stream"];

export const podLog = (credentials: KubeletCredentials): ConnectResource => ({
  request: (context) => openLog(credentials, context),
  /** The same bytes as messages, plain or in base64. */
  async upgrade(context, connection) {
    const offered = websocketProtocols(connection);
    const protocol = LOG_PROTOCOLS.find((name) => offered.includes(name)) ?? "";
    if (connection.request.headers.upgrade?.toLowerCase() !== "websocket")
      throw badRequest("logs can be upgraded to WebSockets only");
    const { body } = await openLog(credentials, context);
    const ws = await acceptWebSocket(connection, protocol);
    if (typeof body === "string") return ws.close(1000);
    ws.on("close", () => body.destroy());
    ws.on("error", () => body.destroy());
    const encode = (chunk: Buffer) => (protocol.startsWith("base64.") ? chunk.toString("base64") : chunk);
    body.on("data", (chunk: Buffer) => {
      body.pause();
      ws.send(encode(chunk), { binary: !protocol.startsWith("base64.") }, () => body.resume());
    });
    body.on("end", () => ws.close(1000));
    body.on("error", () => ws.close(1011));
  },
});

const LOG_PROTOCOLS = ["binary.k8s.io", "base64.binary.k8s.io"];

async function openLog(credentials: KubeletCredentials, context: ConnectContext): Promise<ConnectAnswer> {
  const query = logQuery(context);
  const pod = podOf(context);
  const container = containerOf(pod, context.query.get("container") ?? "", context.name);
  if (!pod.spec.nodeName) return { code: 204, headers: {}, body: "" };
  const address = kubeletOf(context, pod.spec.nodeName);
  const path = `/containerLogs/${context.namespace}/${context.name}/${container}${query.size > 0 ? `?${query}` : ""}`;
  const answer = await requestKubelet(credentials, { address, path, method: "GET", signal: context.signal });
  if (answer.statusCode === 200) return { code: 200, headers: { "content-type": "text/plain" }, body: answer };
  return refuse(answer, context);
}

function logQuery({ query, name }: ConnectContext): URLSearchParams {
  const wanted = new URLSearchParams();
  for (const parameter of PARAMETERS) {
    const value = query.get(parameter);
    if (value === null || value === "") continue;
    if (["follow", "previous", "timestamps"].includes(parameter)) {
      if (value !== "0" && value !== "false") wanted.set(parameter, "true");
    } else wanted.set(parameter, parameter === "sinceTime" ? timeOf(value) : value);
  }
  const errors = check(wanted);
  if (errors.length > 0) throw invalid({ group: "", resource: "PodLogOptions" }, name, errors);
  return wanted;
}

function timeOf(text: string): string {
  try {
    return canonicalTime(text);
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

/** @source pkg/apis/core/validation/validation.go ValidatePodLogOptions v1.36 */
function check(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = [];
  const number = (name: string) => {
    const text = query.get(name);
    if (text !== null && !/^-?\d+$/.test(text))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    return text === null ? undefined : Number(text);
  };
  const [tail, limit, since] = [number("tailLines"), number("limitBytes"), number("sinceSeconds")];
  if (tail !== undefined && tail < 0) errors.push(invalidValue("tailLines", tail, "must be greater than or equal to 0"));
  if (limit !== undefined && limit < 1) errors.push(invalidValue("limitBytes", limit, "must be greater than 0"));
  if (since !== undefined && query.has("sinceTime")) {
    errors.push(forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (since !== undefined && since < 1) errors.push(invalidValue("sinceSeconds", since, "must be greater than 0"));
  if (query.has("stream")) errors.push(forbidden("stream", "may not be specified"));
  return errors;
}

async function refuse(answer: AsyncIterable<Buffer> & { statusCode?: number }, { name }: ConnectContext): Promise<ConnectAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const code = answer.statusCode ?? 500;
  const details = { name, kind: "pods/log" };
  if (code === 400) throw apiError(400, "BadRequest", text, details);
  if (code === 404)
    throw apiError(404, "NotFound", `the server could not find the requested resource ( pods/log ${name})`, details);
  if (code === 403) throw apiError(403, "Forbidden", text, details);
  throw apiError(
    code,
    "InternalError",
    `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding ( pods/log ${name})`,
    details,
  );
}
