/**
 * What a signing request must hold, and what may change.
 *
 * @source pkg/apis/certificates/validation/validation.go v1.36
 */
import { X509Certificate } from "node:crypto";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { readSigningRequest } from "../../lib/x509/index.ts";
import { duplicate, forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../apimachinery/validation.ts";
import type { CertificateSigningRequest as T } from "../generated/certificates-v1.ts";

const USAGES = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];
const LEGACY_SIGNER = "kubernetes.io/legacy-unknown";
const MIN_SECONDS = 600;
/** These are true or not there. */
const ALWAYS_TRUE = ["Approved", "Denied", "Failed"];

export function validateRequest({ spec, status }: T): FieldError[] {
  const errors: FieldError[] = [];
  const fault = requestFault(spec.request);
  if (fault) errors.push(invalidValue("spec.request", spec.request || null, fault));
  errors.push(...validateUsages(spec.usages ?? []));
  if (spec.signerName === LEGACY_SIGNER)
    errors.push(invalidValue("spec.signerName", spec.signerName, "the legacy signerName is not allowed via this API version"));
  else errors.push(...validateSignerName("spec.signerName", spec.signerName ?? ""));
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < MIN_SECONDS) {
    errors.push(
      invalidValue(
        "spec.expirationSeconds",
        spec.expirationSeconds,
        "may not specify a duration less than 600 seconds (10 minutes)",
      ),
    );
  }
  return [...errors, ...validateConditions(status?.conditions ?? [])];
}

function requestFault(request: string | undefined): string | undefined {
  try {
    readSigningRequest(Buffer.from(request ?? "", "base64").toString());
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function validateUsages(usages: readonly string[]): FieldError[] {
  if (!usages.length) return [required("spec.usages")];
  const unknown = usages.flatMap((usage, i) =>
    USAGES.includes(usage) ? [] : [notSupported(`spec.usages[${i}]`, usage, USAGES)],
  );
  const twice = usages.flatMap((usage, i) => (usages.indexOf(usage) < i ? [duplicate(`spec.usages[${i}]`, usage)] : []));
  return [...unknown, ...twice];
}

/** `example.com/name`: a domain of at least two parts, and a name. */
function validateSignerName(field: string, signer: string): FieldError[] {
  if (!signer) return [required(field)];
  const [domain = "", path = "", ...more] = signer.split("/");
  if (!signer.includes("/") || more.length) {
    return [invalidValue(field, signer, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const labels = domain.split(".");
  const errors = labels.flatMap((label) =>
    isDNS1123Label(label).map((m) => invalidValue(field, domain, `validating label ${JSON.stringify(label)}: ${m}`)),
  );
  errors.push(
    ...isDNS1123Subdomain(path).map((m) => invalidValue(field, path, `validating label ${JSON.stringify(path)}: ${m}`)),
  );
  if (labels.length < 2)
    errors.push(invalidValue(field, domain, "should be a domain with at least two segments separated by dots"));
  return errors;
}

type Conditions = NonNullable<NonNullable<T["status"]>["conditions"]>;

function validateConditions(conditions: Conditions): FieldError[] {
  const at = "status.conditions";
  return conditions.flatMap(({ type, status }, i) => {
    const before = conditions.slice(0, i).map((c) => c.type);
    const errors: FieldError[] = type ? [] : [required(`${at}[${i}].type`)];
    const states = ALWAYS_TRUE.includes(type) ? ["True"] : ["False", "True", "Unknown"];
    if (!status) errors.push(required(`${at}[${i}].status`));
    else if (!states.includes(status)) errors.push(notSupported(`${at}[${i}].status`, status, states));
    const opposite = { Approved: "Denied", Denied: "Approved" }[type];
    if (opposite && before.includes(opposite))
      errors.push(invalidValue(at, type, "Approved and Denied conditions are mutually exclusive"));
    if (before.includes(type)) errors.push(duplicate(`${at}[${i}].type`, type));
    return errors;
  });
}

export function validateRequestUpdate({ status = {} }: T, { status: old = {} }: T, subresource: string): FieldError[] {
  const errors: FieldError[] = [];
  const changed = (status.certificate ?? "") !== (old.certificate ?? "");
  const fault = changed ? certificateFault(status.certificate) : undefined;
  if (fault) errors.push(invalidValue("status.certificate", "<certificate data>", fault));
  for (const type of ALWAYS_TRUE)
    errors.push(...decisionErrors(type, status.conditions ?? [], old.conditions ?? [], subresource));
  if (changed && subresource !== "status")
    errors.push(forbidden("status.certificate", "updates may not set certificate content"));
  else if (changed && old.certificate)
    errors.push(forbidden("status.certificate", "updates may not modify existing certificate content"));
  return errors;
}

function decisionErrors(type: string, conditions: Conditions, old: Conditions, subresource: string): FieldError[] {
  const refuse = (verb: string) => [
    forbidden("status.conditions", `updates may not ${verb} a condition of type ${JSON.stringify(type)}`),
  ];
  const [now, was] = [conditions, old].map((all) => all.filter((c) => c.type === type)) as [Conditions, Conditions];
  if (now.length < was.length) return refuse("remove");
  if (subresource === "approval" || type === "Failed") return [];
  if (now.length > was.length) return refuse("add");
  return deepEqual(now, was) ? [] : refuse("modify");
}

/** One or more PEM blocks, each a certificate. */
function certificateFault(certificate: string | undefined): string | undefined {
  if (!certificate) return undefined;
  const text = Buffer.from(certificate, "base64").toString();
  const blocks = [...text.matchAll(/-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g)];
  if (!blocks.length) return "must contain at least one CERTIFICATE PEM block";
  for (const [block, label = "", body = ""] of blocks) {
    if (label !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`;
    if (body.includes(":")) return "no PEM block headers are permitted";
    try {
      void new X509Certificate(block);
    } catch {
      return "x509: malformed certificate";
    }
  }
  return undefined;
}
