/**
 * Webhooks: somebody outside may change an object or refuse it.
 *
 * Mutating webhooks are asked one after the other, each with what the one before made of the object; if one of them changed something,
 * the built-in plugins run again and those webhooks that want it are asked once more. Validating webhooks are asked all at once.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook v1.36
 */
import type { MutatingWebhook, ValidatingWebhook } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from "../../../../shared/api/index.ts";
import { badRequest, internalError } from "../../../../shared/apimachinery/errors.ts";
import type { AdmissionResponse } from "../../../../shared/api/generated/admission-v1.ts";
import type { Random } from "../../../../shared/lib/platform.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, ServerContext } from "../../types.ts";
import { conditionsHold } from "../dynamic/conditions.ts";
import { isExempt, matches } from "../dynamic/match.ts";
import { ExpressionError, valuesOf } from "../dynamic/run.ts";
import { refuse } from "../refuse.ts";
import { replaceObject } from "../dynamic/replace.ts";
import { callWebhook } from "./client.ts";
import { patched } from "./patch.ts";
import { denial, readReview, reviewOf } from "./review.ts";

type Webhook = MutatingWebhook | ValidatingWebhook;

/** `before`: the built-in plugins that run again over what webhooks changed. */
export function mutatingWebhooks(random: Random, authorizer: Authorizer, before: readonly AdmissionPlugin[]): AdmissionPlugin {
  return {
    name: "MutatingAdmissionWebhook",
    handles: (attributes) => !isExempt(attributes),
    async admit(attributes, server) {
      const all = webhooksOf<MutatingWebhook>(server.cache(MutatingWebhookConfiguration).list());
      if (!all.length) return;
      const asked: { hook: MutatingWebhook; changedAfter: boolean }[] = [];
      const ask = async (hook: MutatingWebhook): Promise<void> => {
        if (!(await mutate(hook, attributes, server, random))) return;
        for (const earlier of asked) if (earlier.hook !== hook) earlier.changedAfter = true;
      };
      for (const hook of all) {
        if (!isFor(hook, attributes, server, authorizer)) continue;
        await ask(hook);
        asked.push({ hook, changedAfter: false });
      }
      if (!asked.length) return;
      for (const plugin of before) if (plugin.admit && plugin.handles(attributes)) await plugin.admit(attributes, server);
      for (const { hook, changedAfter } of asked) {
        if (changedAfter && hook.reinvocationPolicy === "IfNeeded" && isFor(hook, attributes, server, authorizer))
          await ask(hook);
      }
    },
  };
}

export function validatingWebhooks(random: Random, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionWebhook",
    handles: (attributes) => !isExempt(attributes),
    async validate(attributes, server) {
      const all = webhooksOf<ValidatingWebhook>(server.cache(ValidatingWebhookConfiguration).list());
      const wanted = all.filter((hook) => isFor(hook, attributes, server, authorizer));
      if (!wanted.length) return;
      const answers = await Promise.allSettled(wanted.map((hook) => ask(hook, attributes, server, random)));
      const refused = answers.find((a) => a.status === "rejected");
      if (refused) throw refused.reason;
    },
  };
}

/** Configurations by name, the webhooks of each in their order. */
function webhooksOf<T extends Webhook>(configurations: Iterable<{ metadata: { name?: string }; webhooks?: T[] }>): T[] {
  const sorted = [...configurations].sort((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));
  return sorted.flatMap((c) => c.webhooks ?? []);
}

function isFor(hook: Webhook, attributes: AdmissionAttributes, server: ServerContext, authorizer: Authorizer): boolean {
  if (!matches({ ...hook, rules: hook.rules ?? [] }, attributes, server)) return false;
  if (!hook.matchConditions?.length) return true;
  const values = valuesOf(attributes, server, authorizer);
  try {
    return conditionsHold(hook.matchConditions, hook.failurePolicy ?? "Fail", { authorizer: true }, values);
  } catch (error) {
    throw error instanceof ExpressionError ? refuse(attributes, error.message) : error;
  }
}

async function mutate(
  hook: MutatingWebhook,
  attributes: AdmissionAttributes,
  server: ServerContext,
  random: Random,
): Promise<boolean> {
  const response = await ask(hook, attributes, server, random);
  if (!response?.patch || !attributes.object) return false;
  const next = patched(hook.name, attributes.object, response.patch);
  return replaceObject(attributes, next);
}

/** The response of a webhook that let the request pass; undefined where it could not be asked and that does not matter. */
async function ask(
  hook: Webhook,
  attributes: AdmissionAttributes,
  server: ServerContext,
  random: Random,
): Promise<AdmissionResponse | undefined> {
  if (attributes.dryRun && hook.sideEffects !== "None" && hook.sideEffects !== "NoneOnDryRun") {
    throw badRequest(`admission webhook ${JSON.stringify(hook.name)} does not support dry run`);
  }
  const uid = random.uuid();
  let response: AdmissionResponse;
  try {
    response = await answerOf(hook, attributes, server, uid);
  } catch (error) {
    if (hook.failurePolicy === "Ignore") return undefined;
    throw internalError(`failed calling webhook ${JSON.stringify(hook.name)}: ${(error as Error).message}`);
  }
  for (const text of response.warnings ?? []) attributes.warn(text);
  if (!response.allowed) throw denial(hook.name, response.status);
  return response;
}

async function answerOf(
  hook: Webhook,
  attributes: AdmissionAttributes,
  server: ServerContext,
  uid: string,
): Promise<AdmissionResponse> {
  let answer: unknown;
  try {
    answer = await callWebhook(hook.clientConfig, server, reviewOf(attributes, uid), hook.timeoutSeconds ?? 10);
  } catch (error) {
    throw new Error(`failed to call webhook: ${(error as Error).message}`, { cause: error });
  }
  try {
    return readReview(answer, uid);
  } catch (error) {
    throw new Error(`received invalid webhook response: ${(error as Error).message}`, { cause: error });
  }
}
