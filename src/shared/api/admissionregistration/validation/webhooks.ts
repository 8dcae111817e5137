/**
 * Webhook configurations.
 *
 * @source pkg/apis/admissionregistration/validation/validation.go, staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go v1.36
 */
import type { MutatingWebhook, ValidatingWebhook, WebhookClientConfig } from "../../generated/admissionregistration-v1.ts";
import { duplicate, invalidValue, notSupported, required, type FieldError } from "../../../apimachinery/field-error.ts";
import {
  isDNS1035Label,
  isDNS1123Subdomain,
  validateFullyQualifiedName,
  validateLabelSelector,
} from "../../../apimachinery/validation.ts";
import { matchConditionErrors } from "./expressions.ts";
import { choiceErrors, ruleErrors } from "./rules.ts";

export function webhookErrors(webhooks: readonly (MutatingWebhook | ValidatingWebhook)[] = []): FieldError[] {
  const names = new Set<string>();
  return webhooks.flatMap((webhook, i) => {
    const field = `webhooks[${i}]`;
    const errors = oneErrors(field, webhook);
    if (webhook.name && names.has(webhook.name)) errors.push(duplicate(`${field}.name`, webhook.name));
    names.add(webhook.name);
    return errors;
  });
}

function oneErrors(field: string, webhook: MutatingWebhook | ValidatingWebhook): FieldError[] {
  const { name = "", rules = [], sideEffects, timeoutSeconds, clientConfig = {} } = webhook;
  const errors = [...validateFullyQualifiedName(`${field}.name`, name)];
  rules.forEach((rule, i) => errors.push(...ruleErrors(`${field}.rules[${i}]`, rule)));
  errors.push(...choiceErrors(`${field}.failurePolicy`, webhook.failurePolicy, ["Fail", "Ignore"]));
  errors.push(...choiceErrors(`${field}.matchPolicy`, webhook.matchPolicy, ["Equivalent", "Exact"]));
  if (sideEffects === undefined) errors.push(required(`${field}.sideEffects`, "must specify one of None, NoneOnDryRun"));
  else if (!["None", "NoneOnDryRun"].includes(sideEffects))
    errors.push(notSupported(`${field}.sideEffects`, sideEffects, ["None", "NoneOnDryRun"]));
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1))
    errors.push(invalidValue(`${field}.timeoutSeconds`, timeoutSeconds, "the timeout value must be between 1 and 30 seconds"));
  errors.push(...validateLabelSelector(`${field}.namespaceSelector`, webhook.namespaceSelector));
  errors.push(...validateLabelSelector(`${field}.objectSelector`, webhook.objectSelector));
  errors.push(...clientErrors(`${field}.clientConfig`, clientConfig));
  errors.push(...matchConditionErrors(`${field}.matchConditions`, webhook.matchConditions, { authorizer: true }));
  errors.push(...reviewVersionErrors(`${field}.admissionReviewVersions`, webhook.admissionReviewVersions));
  if ("reinvocationPolicy" in webhook)
    errors.push(...choiceErrors(`${field}.reinvocationPolicy`, webhook.reinvocationPolicy, ["IfNeeded", "Never"]));
  return errors;
}

function reviewVersionErrors(field: string, versions: readonly string[] = []): FieldError[] {
  if (!versions.length) return [required(field, "must specify one of v1, v1beta1")];
  const errors: FieldError[] = [];
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) errors.push(invalidValue(`${field}[${i}]`, version, "duplicate version"));
    errors.push(...isDNS1035Label(version).map((m) => invalidValue(`${field}[${i}]`, version, m)));
  });
  if (!errors.length && !versions.some((v) => v === "v1" || v === "v1beta1"))
    errors.push(invalidValue(field, versions, "must include at least one of v1, v1beta1"));
  return errors;
}

function clientErrors(field: string, { url, service }: WebhookClientConfig): FieldError[] {
  if ((url === undefined) === (service === undefined)) return [required(field, "exactly one of url or service is required")];
  if (url !== undefined) return urlErrors(`${field}.url`, url);
  const { name, namespace, path, port } = service!;
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.service.name`));
  if (!namespace) errors.push(required(`${field}.service.namespace`));
  if (port !== undefined && (port < 1 || port > 65535))
    errors.push(invalidValue(`${field}.service.port`, port, "port is not valid: must be between 1 and 65535, inclusive"));
  return path === undefined ? errors : [...errors, ...pathErrors(`${field}.service.path`, path)];
}

const FORM = "; desired format: https://host[/path]";

function urlErrors(field: string, text: string): FieldError[] {
  if (!URL.canParse(text)) {
    const why = /^[A-Za-z]/.test(text)
      ? `parse ${JSON.stringify(text)}: invalid URI`
      : `parse ${JSON.stringify(text)}: missing protocol scheme`;
    return [required(field, `url must be a valid URL: ${why}${FORM}`)];
  }
  const { protocol, host, hash, search, username, password } = new URL(text);
  const errors: FieldError[] = [];
  if (protocol !== "https:")
    errors.push(invalidValue(field, protocol.slice(0, -1), `'https' is the only allowed URL scheme${FORM}`));
  if (!host) errors.push(invalidValue(field, host, `host must be specified${FORM}`));
  if (username || password)
    errors.push(
      invalidValue(field, password ? `${username}:${password}` : username, "user information is not permitted in the URL"),
    );
  if (hash) errors.push(invalidValue(field, hash.slice(1), "fragments are not permitted in the URL"));
  if (search) errors.push(invalidValue(field, search.slice(1), "query parameters are not permitted in the URL"));
  return errors;
}

function pathErrors(field: string, path: string): FieldError[] {
  if (path === "" || path === "/") return [];
  if (path === "//") return [invalidValue(field, path, "segment[0] may not be empty")];
  if (!path.startsWith("/")) return [invalidValue(field, path, "must start with a '/'")];
  const segments = path.slice(1).replace(/\/$/, "").split("/");
  return segments.flatMap((segment, i) => {
    if (!segment) return [invalidValue(field, path, `segment[${i}] may not be empty`)];
    return isDNS1123Subdomain(segment).map((m) => invalidValue(field, path, `segment[${i}]: ${m}`));
  });
}
