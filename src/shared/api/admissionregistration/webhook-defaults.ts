/** Defaults that the webhooks of both kinds of configuration share. */
import type { ServiceReference, RuleWithOperations } from "../generated/admissionregistration-v1.ts";
import type { LabelSelector } from "../../apimachinery/meta.ts";

interface Webhook {
  clientConfig?: { service?: ServiceReference };
  rules?: RuleWithOperations[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  timeoutSeconds?: number;
}

export function setWebhookDefaults(webhook: Webhook): void {
  webhook.failurePolicy ??= "Fail";
  setMatchDefaults(webhook);
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= "*";
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

interface Match {
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
}

/** What a webhook or a policy is called for, where it does not say. */
function setMatchDefaults(match: Match): void {
  match.matchPolicy ??= "Equivalent";
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
}

interface MatchResources extends Match {
  resourceRules?: RuleWithOperations[];
  excludeResourceRules?: RuleWithOperations[];
}

export function setMatchResourcesDefaults(match: MatchResources | undefined): void {
  if (!match) return;
  setMatchDefaults(match);
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= "*";
}
