import { setWebhookDefaults } from "./webhook-defaults.ts";
import type { ValidatingWebhookConfiguration as T } from "../generated/admissionregistration-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

import { webhookErrors } from "./validation/webhooks.ts";

export const ValidatingWebhookConfiguration = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/validatingwebhookconfigurations"],
  cells: (c, context) => [c.metadata.name, c.webhooks?.length ?? 0, age(c, context)],
  requireResourceVersion: true,
  generation: true,
  validate: ({ webhooks }) => webhookErrors(webhooks),
  setDefaults({ webhooks = [] }) {
    webhooks.forEach(setWebhookDefaults);
  },
});
export type ValidatingWebhookConfiguration = T;
