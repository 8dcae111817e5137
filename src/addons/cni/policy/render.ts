/**
 * A policy plan as an nftables table of its own. Pure.
 *
 * Two hooks, first what leaves an isolated pod, then what reaches one: an `accept` ends its own hook only. They see packets
 * after the address translation of Services, so policies speak of pods and not of cluster addresses.
 */
import type { Allowed, Direction, PolicyPlan } from "./plan.ts";

export const POLICY_TABLE = "knarr-policy";

/** The script that makes the table be the plan, whatever it was. */
export function renderPolicies(plan: PolicyPlan): string {
  const sections = (["egress", "ingress"] as const).map((direction, i) => renderDirection(plan, direction, i - 10));
  return `add table ip ${POLICY_TABLE}\ndelete table ip ${POLICY_TABLE}\ntable ip ${POLICY_TABLE} {\n${sections.join("")}}\n`;
}

function renderDirection({ isolated, allowed }: PolicyPlan, direction: Direction, priority: number): string {
  const [own, other] = direction === "ingress" ? ["daddr", "saddr"] : ["saddr", "daddr"];
  const pods = isolated[direction];
  const verdicts = pods.map(({ ip }) => `${ip} : goto ${direction}-pod/${ip}`);
  const policies = [...allowed[direction]].map(([id, rules]) =>
    chain(
      `${direction}-policy/${id}`,
      rules.flatMap((rule) => renderRule(rule, direction)),
    ),
  );
  const chains = pods.map(({ ip, policies }) =>
    chain(`${direction}-pod/${ip}`, [
      `ip ${other} ${ip} accept comment "to itself"`,
      ...policies.map((id) => `jump ${direction}-policy/${id}`),
      "drop",
    ]),
  );
  const entry = verdicts.length ? [`ip ${own} vmap { ${verdicts.join(", ")} }`] : [];
  return [
    ...policies,
    ...chains,
    chain(direction, [
      `type filter hook forward priority ${priority}; policy accept;`,
      "ct state established,related accept",
      ...entry,
    ]),
  ].join("");
}

/** Nothing at all for a rule whose peers or named ports match no pod. */
function renderRule({ pods, range, protocol, ports, named }: Allowed, direction: Direction): string[] {
  const other = direction === "ingress" ? "saddr" : "daddr";
  const parts: string[] = [];
  if (pods) {
    if (!pods.length) return [];
    parts.push(`ip ${other} { ${pods.join(", ")} }`);
  }
  if (range) {
    parts.push(`ip ${other} ${range.cidr}`, ...range.except.map((cidr) => `ip ${other} != ${cidr}`));
  }
  if (named) {
    if (!named.length) return [];
    parts.push(`meta l4proto ${protocol} ip daddr . th dport { ${named.join(", ")} }`);
  } else if (ports) {
    parts.push(`meta l4proto ${protocol} th dport ${ports[0] === ports[1] ? ports[0] : `${ports[0]}-${ports[1]}`}`);
  } else if (protocol) {
    parts.push(`meta l4proto ${protocol}`);
  }
  return [[...parts, "accept"].join(" ")];
}

const chain = (name: string, rules: readonly string[]) =>
  `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join("")}  }\n`;
