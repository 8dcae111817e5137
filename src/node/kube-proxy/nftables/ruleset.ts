/**
 * The table as it should be, and the shortest way there: renderings of Services go in, nft scripts come out. Nothing runs
 * here.
 *
 * Several Services may claim one element (a shared cluster address of many ports; one external address twice): it stays as
 * long as anybody claims it, and the alphabetically first claim counts.
 */
import type { Element, Rendering } from "./render.ts";
import { addressType, baseChains, containers, ip, TABLE, type ContainerName, type TableOptions } from "./table.ts";

/** Chains and sets that the kernel has, as `nft list table` names them. */
export interface ExistingObjects {
  chains: readonly string[];
  sets: readonly string[];
}

export class Ruleset {
  readonly #options: TableOptions;
  readonly #table: string;
  readonly #owners = new Map<string, Rendering>();
  /** `container key` → owner → value. */
  readonly #claims = new Map<string, Map<string, string>>();

  constructor(options: TableOptions) {
    this.#options = options;
    this.#table = `${ip(options.family)} ${TABLE}`;
  }

  get isEmpty(): boolean {
    return this.#owners.size === 0;
  }

  /**
   * Replaces what `owner` (a Service port's id) contributes, undefined for nothing, and returns the script lines that bring
   * the kernel there. Chains that end are flushed only and named in `stale`: before Linux 6.2, a chain that a removed
   * element pointed to cannot be deleted in the same transaction.
   */
  replace(changes: ReadonlyMap<string, Rendering | undefined>): { lines: string[]; stale: string[] } {
    const before = new Map<string, string | undefined>();
    const created: string[] = [];
    const filled: string[] = [];
    const stale: string[] = [];
    const endedSets: string[] = [];
    for (const [owner, rendering] of changes) {
      const old = this.#owners.get(owner);
      for (const element of [...(old?.elements ?? []), ...(rendering?.elements ?? [])]) {
        const id = elementId(element);
        if (!before.has(id)) before.set(id, this.#winner(id));
      }
      for (const element of old?.elements ?? []) this.#unclaim(elementId(element), owner);
      for (const element of rendering?.elements ?? []) this.#claim(elementId(element), owner, element.value ?? "");

      for (const [name, declaration] of rendering?.sets ?? []) {
        if (old?.sets.get(name) === declaration) continue;
        // A set's timeout cannot be changed; its name is only free once nothing refers to it.
        if (old?.sets.has(name)) created.push(...this.#dropSet(name, old));
        created.push(`add set ${this.#table} ${name} { ${declaration} }`);
      }
      for (const [name, rules] of rendering?.chains ?? []) {
        const was = old?.chains.get(name);
        if (was && sameTexts(was, rules) && !setsChanged(old!, rendering!)) continue;
        created.push(`add chain ${this.#table} ${name}`);
        filled.push(`flush chain ${this.#table} ${name}`, ...this.#rules(name, rules));
      }
      for (const name of old?.chains.keys() ?? []) if (!rendering?.chains.has(name)) stale.push(name);
      for (const name of old?.sets.keys() ?? []) if (!rendering?.sets.has(name)) endedSets.push(name);
      if (rendering) this.#owners.set(owner, rendering);
      else this.#owners.delete(owner);
    }
    const lines = [
      ...created,
      ...filled,
      ...this.#elementChanges(before),
      ...stale.map((name) => `flush chain ${this.#table} ${name}`),
      ...endedSets.map((name) => `delete set ${this.#table} ${name}`),
    ];
    return { lines, stale };
  }

  /** Lines that make the kernel's table right whatever is in it. What packets put into sets is kept. */
  full(existing: ExistingObjects): { lines: string[]; stale: string[] } {
    const lines = [`add table ${this.#table}`];
    for (const [name, { kind, type }] of Object.entries(containers)) {
      const typed = type.replaceAll("{}", addressType(this.#options.family));
      lines.push(`add ${kind} ${this.#table} ${name} { type ${typed}; }`, `flush ${kind} ${this.#table} ${name}`);
    }
    const base = baseChains(this.#options);
    for (const [name, { hook }] of Object.entries(base)) {
      lines.push(
        `add chain ${this.#table} ${name}${hook && ` { ${hook}; policy accept; }`}`,
        `flush chain ${this.#table} ${name}`,
      );
    }
    const chains = new Map<string, string[]>(Object.entries(base).map(([name, { rules }]) => [name, rules]));
    const sets = new Map<string, string>();
    for (const rendering of this.#owners.values()) {
      for (const [name, rules] of rendering.chains) chains.set(name, rules);
      for (const [name, declaration] of rendering.sets) sets.set(name, declaration);
    }
    for (const [name, declaration] of sets) lines.push(`add set ${this.#table} ${name} { ${declaration} }`);
    for (const name of chains.keys()) {
      if (!(name in base)) lines.push(`add chain ${this.#table} ${name}`, `flush chain ${this.#table} ${name}`);
    }
    const stale = existing.chains.filter((name) => !chains.has(name));
    lines.push(...stale.map((name) => `flush chain ${this.#table} ${name}`));
    for (const [name, rules] of chains) lines.push(...this.#rules(name, rules));
    lines.push(...this.#elementChanges(new Map([...this.#claims.keys()].map((id) => [id, undefined]))));
    const known = (name: string) => sets.has(name) || name in containers;
    lines.push(...existing.sets.filter((name) => !known(name)).map((name) => `delete set ${this.#table} ${name}`));
    return { lines, stale };
  }

  /** Whether a chain that was stale is wanted again. */
  wants(chain: string): boolean {
    const owner = chain.split("/").slice(1, 5).join("/");
    return this.#owners.get(owner)?.chains.has(chain) ?? false;
  }

  #rules(chain: string, rules: readonly string[]): string[] {
    return rules.map((rule) => `add rule ${this.#table} ${chain} ${rule}`);
  }

  /** Empties the chains that may refer to the set, then ends it. */
  #dropSet(name: string, owner: Rendering): string[] {
    return [
      ...[...owner.chains.keys()].map((chain) => `flush chain ${this.#table} ${chain}`),
      `delete set ${this.#table} ${name}`,
    ];
  }

  #elementChanges(before: ReadonlyMap<string, string | undefined>): string[] {
    const removed = new Map<string, string[]>();
    const added = new Map<string, string[]>();
    const put = (lists: Map<string, string[]>, container: string, text: string) => {
      const list = lists.get(container);
      if (list) list.push(text);
      else lists.set(container, [text]);
    };
    for (const [id, was] of before) {
      const now = this.#winner(id);
      if (was === now) continue;
      const [container, key] = splitId(id);
      if (was !== undefined) put(removed, container, key);
      if (now !== undefined) put(added, container, now ? `${key} : ${now}` : key);
    }
    const lines = (verb: string, lists: Map<string, string[]>) =>
      [...lists].map(([container, keys]) => `${verb} element ${this.#table} ${container} { ${keys.join(", ")} }`);
    return [...lines("delete", removed), ...lines("add", added)];
  }

  #claim(id: string, owner: string, value: string): void {
    let claims = this.#claims.get(id);
    if (!claims) this.#claims.set(id, (claims = new Map()));
    claims.set(owner, value);
  }

  #unclaim(id: string, owner: string): void {
    const claims = this.#claims.get(id);
    claims?.delete(owner);
    if (claims?.size === 0) this.#claims.delete(id);
  }

  #winner(id: string): string | undefined {
    const claims = this.#claims.get(id);
    if (!claims) return undefined;
    let first: string | undefined;
    for (const owner of claims.keys()) if (first === undefined || owner < first) first = owner;
    return claims.get(first!);
  }
}

const elementId = ({ container, key }: Element) => `${container} ${key}`;

function splitId(id: string): [ContainerName, string] {
  const space = id.indexOf(" ");
  return [id.slice(0, space) as ContainerName, id.slice(space + 1)];
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

/** Whether a set was made anew, which emptied all chains of its owner. */
function setsChanged(old: Rendering, now: Rendering): boolean {
  return [...now.sets].some(([name, declaration]) => old.sets.has(name) && old.sets.get(name) !== declaration);
}
