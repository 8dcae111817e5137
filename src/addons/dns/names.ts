/** Domain names as the rest of this folder has them: lower-case text without the last dot, labels between dots. */
import { formatIp, parseIp } from "../../shared/lib/ip.ts";

/** The labels before `zone`, or undefined where the name is not in it. The zone itself has none. */
export function labelsBelow(name: string, zone: string): string[] | undefined {
  if (name === zone) return [];
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1).split(".") : undefined;
}

/** `10.244.0.7` of `7.0.244.10.in-addr.arpa`, likewise below ip6.arpa. */
export function reverseAddress(name: string): string | undefined {
  const four = labelsBelow(name, "in-addr.arpa");
  if (four) return four.length === 4 ? canonical(four.toReversed().join(".")) : undefined;
  const six = labelsBelow(name, "ip6.arpa");
  if (six?.length !== 32) return undefined;
  return canonical(
    six
      .toReversed()
      .join("")
      .replace(/.{4}(?!$)/g, "$&:"),
  );
}

/** The label that stands for an address that has no host name: `10-244-0-7`. */
export const dashed = (ip: string): string => ip.replaceAll(/[.:]/g, "-");

export function addressOfDashed(label: string): string | undefined {
  return canonical(label.replaceAll("-", ".")) ?? canonical(label.replaceAll("-", ":"));
}

function canonical(text: string): string | undefined {
  const ip = parseIp(text);
  return ip && formatIp(ip);
}
