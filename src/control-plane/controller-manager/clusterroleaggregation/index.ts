/** Cluster roles that are the union of others, picked by label: `admin`, `edit` and `view` grow with what is installed. */
import { ClusterRole } from "../../../shared/api/index.ts";
import type { PolicyRule } from "../../../shared/api/generated/rbac-v1.ts";
import { defineController, done, watching } from "../../../shared/client/index.ts";
import { selectorOf } from "../common/selector-of.ts";
import { sameOnTheWire } from "../common/write-status.ts";

const isAggregated = (role: ClusterRole) => !!role.aggregationRule?.clusterRoleSelectors?.length;

export const clusterRoleAggregation = defineController({
  name: "clusterrole-aggregation-controller",
  for: ClusterRole,
  when: (role: ClusterRole) => isAggregated(role),
  watches: [
    watching(
      ClusterRole,
      (_role, { cache }) =>
        cache
          .list(ClusterRole)
          .filter(isAggregated)
          .map((r) => r.metadata.name),
      (role, old, deleted) =>
        deleted || !old || !sameOnTheWire([role.rules, role.metadata.labels], [old.rules, old.metadata.labels]),
    ),
  ],
  async reconcile(key, { cache, client }) {
    const role = cache.get(ClusterRole, key);
    if (!role || !isAggregated(role)) return done;
    const rules = aggregatedRules(role, cache.list(ClusterRole));
    if (!sameOnTheWire(rules, role.rules)) await client.update(ClusterRole, { ...role, rules });
    return done;
  },
});

/** In the order of selectors, then of role names, each rule once. */
function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  const sorted = [...all].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matcher = selectorOf(selector);
    for (const other of sorted) {
      if (other.metadata.name === role.metadata.name || !matcher.matches(other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) rules.set(JSON.stringify(rule), rule);
    }
  }
  return [...rules.values()];
}
