/**
 * Probes and hooks of containers.
 *
 * @source pkg/apis/core/validation/validation.go (validateProbe, validateLifecycle, validateHandler) v1.36
 */
import { forbidden, invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { isHTTPHeaderName } from "../../../apimachinery/validation.ts";
import type { Container, HTTPGetAction, LifecycleHandler, Probe } from "../../generated/core-v1.ts";
import { nonNegative, oneOf, says } from "./common.ts";
import { validatePortNumOrName } from "./ports.ts";

type Handler = Pick<Probe, "exec" | "httpGet" | "tcpSocket" | "grpc"> & Pick<LifecycleHandler, "sleep">;

export function validateProbes(field: string, container: Container, gracePeriod: number): FieldError[] {
  const { livenessProbe: alive, readinessProbe: ready, startupProbe: started } = container;
  const once = (at: string, probe: Probe | undefined) => [
    ...validateProbe(at, probe, gracePeriod),
    ...(probe && probe.successThreshold !== 1
      ? [invalidValue(`${at}.successThreshold`, probe.successThreshold ?? 0, "must be 1")]
      : []),
  ];
  const at = `${field}.readinessProbe`;
  const period = ready?.terminationGracePeriodSeconds;
  return [
    ...once(`${field}.livenessProbe`, alive),
    ...validateProbe(at, ready, gracePeriod),
    ...(period === undefined
      ? []
      : [invalidValue(`${at}.terminationGracePeriodSeconds`, period, "must not be set for readinessProbes")]),
    ...once(`${field}.startupProbe`, started),
  ];
}

const COUNTS = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] as const;

function validateProbe(field: string, probe: Probe | undefined, gracePeriod: number): FieldError[] {
  if (!probe) return [];
  const errors = validateHandler(field, probe, gracePeriod);
  for (const name of COUNTS) errors.push(...nonNegative(`${field}.${name}`, probe[name]));
  const period = probe.terminationGracePeriodSeconds;
  if (period !== undefined && period <= 0)
    errors.push(invalidValue(`${field}.terminationGracePeriodSeconds`, period, "must be greater than 0"));
  return errors;
}

export function validateLifecycle(field: string, { lifecycle }: Container, gracePeriod: number): FieldError[] {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart ? validateHandler(`${field}.postStart`, postStart, gracePeriod) : []),
    ...(preStop ? validateHandler(`${field}.preStop`, preStop, gracePeriod) : []),
  ];
}

function validateHandler(field: string, handler: Handler, gracePeriod: number): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const judges: [string, unknown, () => FieldError[]][] = [
    ["exec", exec, () => (exec!.command?.length ? [] : [required(`${field}.exec.command`)])],
    ["httpGet", httpGet, () => validateHttpGet(`${field}.httpGet`, httpGet!)],
    ["tcpSocket", tcpSocket, () => validatePortNumOrName(`${field}.tcpSocket.port`, tcpSocket!.port)],
    ["grpc", grpc, () => validatePortNumOrName(`${field}.grpc.port`, grpc!.port)],
    ["sleep", sleep, () => validateSleep(`${field}.sleep`, sleep!.seconds, gracePeriod)],
  ];
  const [first, ...more] = judges.filter(([, value]) => value !== undefined);
  if (!first) return [required(field, "must specify a handler type")];
  return [...first[2](), ...more.map(([name]) => forbidden(`${field}.${name}`, "may not specify more than 1 handler type"))];
}

function validateHttpGet(field: string, { path, port, scheme, httpHeaders = [] }: HTTPGetAction): FieldError[] {
  return [
    ...(path ? [] : [required(`${field}.path`)]),
    ...validatePortNumOrName(`${field}.port`, port),
    ...oneOf(`${field}.scheme`, scheme ?? "", ["HTTP", "HTTPS"]),
    ...httpHeaders.flatMap(({ name }) => says(`${field}.httpHeaders`, name, isHTTPHeaderName(name))),
  ];
}

function validateSleep(field: string, seconds: number, gracePeriod: number): FieldError[] {
  if (seconds >= 0 && seconds <= gracePeriod) return [];
  const text = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
  return [invalidValue(field, seconds, text)];
}
