/** Tells in a validating policy's status which of its expressions cannot work. */
import { ValidatingAdmissionPolicy } from "../../../shared/api/index.ts";
import { defineController, done } from "../../../shared/client/index.ts";
import { checkPolicy } from "./check.ts";

export const policyStatus = defineController({
  name: "validatingadmissionpolicy-status-controller",
  for: ValidatingAdmissionPolicy,
  async reconcile(key, { cache, client }) {
    const policy = cache.get(ValidatingAdmissionPolicy, key);
    const generation = policy?.metadata.generation ?? 0;
    if (!policy || generation <= (policy.status?.observedGeneration ?? 0)) return done;
    const expressionWarnings = checkPolicy(policy);
    const typeChecking = expressionWarnings.length ? { expressionWarnings } : {};
    await client.updateStatus(ValidatingAdmissionPolicy, {
      ...policy,
      status: { ...policy.status, observedGeneration: generation, typeChecking },
    });
    return done;
  },
});
