import { setWebhookDefaults } from "./webhook-defaults.ts";
import type { MutatingWebhookConfiguration as T } from "../generated/admissionregistration-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

import { webhookErrors } from "./validation/webhooks.ts";

export const MutatingWebhookConfiguration = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"],
  cells: (c, context) => [c.metadata.name, c.webhooks?.length ?? 0, age(c, context)],
  requireResourceVersion: true,
  generation: true,
  validate: ({ webhooks }) => webhookErrors(webhooks),
  setDefaults({ webhooks = [] }) {
    for (const webhook of webhooks) {
      setWebhookDefaults(webhook);
      webhook.reinvocationPolicy ??= "Never";
    }
  },
});
export type MutatingWebhookConfiguration = T;
