/**
 * Between versions of a custom resource: by name alone, or by a webhook, which may change everything but what identifies the object.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go v1.36
 */
import { X509Certificate } from "node:crypto";
import type { CustomResourceDefinition, WebhookConversion } from "../../../shared/api/generated/apiextensions-v1.ts";
import { apiError } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { deepCopy } from "../../../shared/apimachinery/patch/index.ts";
import { callWebhook } from "../admission/webhook/client.ts";
import type { Core } from "../core.ts";
import type { Convert } from "../registry/resources.ts";

const TIMEOUT_SECONDS = 30;
const REVIEW_VERSIONS = ["v1", "v1beta1"];

export function conversionOf(core: Core, definition: CustomResourceDefinition): Convert {
  const { spec } = definition;
  const webhook = spec.conversion?.webhook;
  if (!webhook || !isByWebhook(definition)) return renamed;
  return (object, to) => byWebhook(core, webhook, object, to.groupVersion);
}

export const isByWebhook = ({ spec }: CustomResourceDefinition): boolean => spec.conversion?.strategy === "Webhook";

const renamed: Convert = (object, to) => {
  object.apiVersion = to.groupVersion;
  return object;
};

interface Review {
  apiVersion?: string;
  kind?: string;
  response?: { uid?: string; convertedObjects?: KubeObject[]; result?: { status?: string; message?: string } };
}

async function byWebhook(
  core: Core,
  webhook: WebhookConversion,
  object: KubeObject,
  desiredAPIVersion: string,
): Promise<KubeObject> {
  const version = webhook.conversionReviewVersions?.find((v) => REVIEW_VERSIONS.includes(v)) ?? "v1";
  const uid = core.platform.random.uuid();
  const apiVersion = `apiextensions.k8s.io/${version}`;
  const review = { apiVersion, kind: "ConversionReview", request: { uid, desiredAPIVersion, objects: [object] } };
  const group = object.apiVersion.slice(0, object.apiVersion.indexOf("/"));
  const who = `conversion webhook for ${group}/${object.apiVersion.slice(group.length + 1)}, Kind=${object.kind}`;
  const broken = (text: string) => apiError(500, "", `${who} ${text}`);
  let answer: Review;
  try {
    answer = (await callWebhook(webhook.clientConfig ?? {}, core.context, review, TIMEOUT_SECONDS)) as Review;
  } catch (error) {
    throw broken(`failed: ${(error as Error).message}`);
  }
  const refused = refusalOf(answer, apiVersion, uid);
  if (refused) throw broken(`failed: ${refused}`);
  const objects = answer.response!.convertedObjects ?? [];
  if (objects.length !== 1) throw broken(`returned ${objects.length} objects, expected 1`);
  const [converted] = objects as [KubeObject];
  if (converted.apiVersion !== desiredAPIVersion)
    throw broken(
      `returned invalid object at index 0: invalid groupVersion (expected ${desiredAPIVersion}, received ${converted.apiVersion})`,
    );
  const changed = changedIdentity(object, converted);
  if (changed) throw broken(`returned invalid object: ${changed}`);
  if (!converted.metadata) throw broken("returned invalid metadata: missing metadata in converted object");
  return { ...converted, metadata: metadataOf(object, converted) };
}

function refusalOf({ apiVersion, kind, response }: Review, wanted: string, uid: string): string | undefined {
  if (wanted.endsWith("/v1") && (apiVersion !== wanted || kind !== "ConversionReview"))
    return `expected webhook response of ${wanted}, Kind=ConversionReview, got ${apiVersion ?? ""}, Kind=${kind ?? ""}`;
  if (!response) return "no response provided";
  if (wanted.endsWith("/v1") && response.uid !== uid)
    return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`;
  const { status = "", message } = response.result ?? {};
  return status === "Success" ? undefined : message || `response.result.status was '${status}', not 'Success'`;
}

function changedIdentity(from: KubeObject, to: KubeObject): string | undefined {
  if (from.kind !== to.kind) return `must have the same kind: ${from.kind} != ${to.kind}`;
  for (const [field, word] of [
    ["name", "name"],
    ["namespace", "namespace"],
    ["uid", "UID"],
  ] as const) {
    const [a, b] = [from.metadata[field] ?? "", to.metadata?.[field] ?? ""];
    if (a !== b) return `must have the same ${word}: ${a} != ${b}`;
  }
  return undefined;
}

/** Of metadata a webhook may change labels and annotations. */
function metadataOf(from: KubeObject, to: KubeObject): KubeObject["metadata"] {
  const metadata = deepCopy(from.metadata);
  for (const field of ["labels", "annotations"] as const) {
    if (to.metadata[field]) metadata[field] = to.metadata[field];
    else delete metadata[field];
  }
  return metadata;
}

/** None at all, or one that holds certificates. */
export function isUsableBundle({ spec }: CustomResourceDefinition): boolean {
  const bundle = spec.conversion?.webhook?.clientConfig?.caBundle;
  if (!bundle) return true;
  try {
    const text = Buffer.from(bundle, "base64").toString("latin1");
    if (text.trim()) void new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}
