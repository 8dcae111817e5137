/** SelfSubjectRulesReview: everything the caller may do in a namespace, as far as rules can say it. */
import type { SelfSubjectRulesReview } from "../../../shared/api/index.ts";
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { VirtualResource } from "../types.ts";
import type { RbacIndex } from "./rbac-index.ts";
import { aggregate, rulesFor } from "./rbac.ts";
import { SUPERUSER_GROUP } from "./union.ts";

export function rulesReview(index: () => RbacIndex): VirtualResource {
  return {
    create(object, { user }) {
      const { apiVersion, kind, spec } = object as SelfSubjectRulesReview;
      if (!spec?.namespace) throw badRequest("no namespace on request");
      const { rules, errors } = rulesFor(index(), user, spec.namespace);
      const own = user.groups.includes(SUPERUSER_GROUP) ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : [];
      const paths = own.length ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : [];
      for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
        if (resources?.length)
          own.push({ verbs: verbs ?? [], apiGroups: apiGroups ?? [], resources, ...(resourceNames && { resourceNames }) });
        if (nonResourceURLs?.length) paths.push({ verbs: verbs ?? [], nonResourceURLs });
      }
      const status = {
        resourceRules: own,
        nonResourceRules: paths,
        incomplete: false,
        ...(errors.length > 0 && { evaluationError: aggregate(errors) }),
      };
      return { apiVersion, kind, metadata: {}, spec: {}, status } as unknown as SelfSubjectRulesReview;
    },
  };
}
