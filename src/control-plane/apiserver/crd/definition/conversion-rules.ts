/**
 * How versions may be converted. The field names are upstream's internal ones.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go, staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go v1.36
 */
import type {
  CustomResourceConversion,
  CustomResourceDefinition as Definition,
  ServiceReference,
  WebhookClientConfig,
} from "../../../../shared/api/generated/apiextensions-v1.ts";
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { isDNS1035Label, isDNS1123Subdomain, isValidPortNum } from "../../../../shared/apimachinery/validation.ts";
import { isTrue } from "../conditions.ts";
import { isUsableBundle } from "../conversion.ts";

const PATH = "spec.conversion";
const REVIEW_VERSIONS = ["v1", "v1beta1"];

export function conversionErrors(
  conversion: CustomResourceConversion | undefined,
  preserves: boolean,
  old: Definition | undefined,
): FieldError[] {
  if (!conversion) return [];
  const errors: FieldError[] = [];
  const { strategy = "", webhook } = conversion;
  if (strategy !== "None" && preserves)
    errors.push(invalidValue(`${PATH}.strategy`, strategy, "must be None if spec.preserveUnknownFields is true"));
  if (!strategy) errors.push(required(`${PATH}.strategy`));
  else if (strategy !== "None" && strategy !== "Webhook")
    errors.push(notSupported(`${PATH}.strategy`, strategy, ["None", "Webhook"]));
  if (strategy !== "Webhook") {
    const text = "should not be set when strategy is not set to Webhook";
    if (webhook?.clientConfig) errors.push(forbidden(`${PATH}.webhookClientConfig`, text));
    if (webhook?.conversionReviewVersions?.length) errors.push(forbidden(`${PATH}.conversionReviewVersions`, text));
    return errors;
  }
  errors.push(...clientErrors(webhook?.clientConfig, old));
  errors.push(...reviewErrors(webhook?.conversionReviewVersions ?? [], old));
  return errors;
}

function clientErrors(client: WebhookClientConfig | undefined, old: Definition | undefined): FieldError[] {
  const path = `${PATH}.webhookClientConfig`;
  if (!client) return [required(path, "required when strategy is set to Webhook")];
  const errors: FieldError[] = [];
  if ((client.url === undefined) === (client.service === undefined))
    errors.push(required(path, "exactly one of url or service is required"));
  else if (client.url !== undefined) errors.push(...urlErrors(`${path}.url`, client.url));
  else errors.push(...serviceErrors(`${path}.service`, client.service!));
  const bundleMayBeBad = !old || !isTrue(old, "Established") || !isUsableBundle(old);
  const usable = isUsableBundle({
    spec: { conversion: { strategy: "Webhook", webhook: { clientConfig: client } } },
  } as Definition);
  const text = "unable to load root certificates: unable to parse bytes as PEM block";
  if (client.caBundle && !bundleMayBeBad && !usable) errors.push(invalidValue(`${path}.caBundle`, client.caBundle, text));
  return errors;
}

function urlErrors(path: string, text: string): FieldError[] {
  const form = "; desired format: https://host[/path]";
  const parts = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  const [, scheme = "", user, host = "", query = "", fragment = ""] = parts ?? [];
  const errors: FieldError[] = [];
  if (scheme !== "https") errors.push(invalidValue(path, scheme, `'https' is the only allowed URL scheme${form}`));
  if (!host) errors.push(invalidValue(path, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalidValue(path, user, "user information is not permitted in the URL"));
  if (fragment) errors.push(invalidValue(path, fragment, "fragments are not permitted in the URL"));
  if (query) errors.push(invalidValue(path, query, "query parameters are not permitted in the URL"));
  return errors;
}

function serviceErrors(path: string, service: ServiceReference): FieldError[] {
  const errors: FieldError[] = [];
  // Upstream swaps the two, and clients have learnt to read it so.
  if (!service.namespace) errors.push(required(`${path}.name`));
  if (!service.name) errors.push(required(`${path}.namespace`));
  const { port = 443, path: urlPath } = service;
  const bad = isValidPortNum(port);
  if (bad.length) errors.push(invalidValue(`${path}.port`, port, `port is not valid: ${bad.join(", ")}`));
  if (!urlPath || urlPath === "/") return errors;
  const refuse = (detail: string) => errors.push(invalidValue(`${path}.path`, urlPath, detail));
  if (urlPath === "//") refuse("segment[0] may not be empty");
  else {
    if (!urlPath.startsWith("/")) refuse("must start with a '/'");
    const steps = urlPath.slice(1).replace(/\/$/, "").split("/");
    steps.forEach((step, i) => {
      if (!step) refuse(`segment[${i}] may not be empty`);
      else for (const text of isDNS1123Subdomain(step)) refuse(`segment[${i}]: ${text}`);
    });
  }
  return errors;
}

function reviewErrors(versions: readonly string[], old: Definition | undefined): FieldError[] {
  const path = `${PATH}.conversionReviewVersions`;
  if (!versions.length) return [required(path)];
  const errors: FieldError[] = [];
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) errors.push(invalidValue(`${path}[${i}]`, version, "duplicate version"));
    else for (const text of isDNS1035Label(version)) errors.push(invalidValue(`${path}[${i}]`, version, text));
  });
  const before = old?.spec.conversion?.webhook?.conversionReviewVersions ?? [];
  const needed = !before.length || before.some((v) => REVIEW_VERSIONS.includes(v));
  if (needed && !versions.some((v) => REVIEW_VERSIONS.includes(v)))
    errors.push(invalidValue(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(", ")}`));
  return errors;
}
