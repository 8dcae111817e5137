/**
 * Values at run time. Integers are bigints, doubles are numbers; lists are arrays. Maps are plain objects (documents, whose numbers count
 * as integers where they are whole) or `Map`s (written in an expression). Everything else is an instance of a class here.
 */

/** An evaluation that failed; its message is what clients see. */
export class CelError extends Error {}

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** Nanoseconds. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** Nanoseconds since 1970 in UTC. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Optional {
  readonly value: unknown;
  readonly present: boolean;
  constructor(present: boolean, value?: unknown) {
    this.present = present;
    this.value = value;
  }
}

/** What `Type{field: value}` made. */
export class Struct {
  readonly type: string;
  readonly fields: Map<string, unknown>;
  constructor(type: string, fields: Map<string, unknown>) {
    this.type = type;
    this.fields = fields;
  }
}

/** Values of libraries: quantities, addresses, authorizers. */
export abstract class Opaque {
  abstract readonly celType: string;
  /** Fields that it has beside its functions. */
  members?: Readonly<Record<string, unknown>>;
  equals?(other: Opaque): boolean;
}

/** The name of the type of a value. */
export function typeNameOf(value: unknown): string {
  switch (typeof value) {
    case "bigint":
      return "int";
    case "number":
      return Number.isSafeInteger(value) ? "int" : "double";
    case "string":
      return "string";
    case "boolean":
      return "bool";
  }
  if (value === null) return "null_type";
  if (Array.isArray(value)) return "list";
  if (value instanceof Double) return "double";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Uint) return "uint";
  if (value instanceof Duration) return "google.protobuf.Duration";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof TypeValue) return "type";
  if (value instanceof Optional) return "optional_type";
  if (value instanceof Struct) return value.type;
  if (value instanceof Opaque) return value.celType;
  return "map";
}

/** A double that is a whole number: as a plain number it would count as an integer. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A double as it is carried: plain where that is clear. */
export const double = (value: number): number | Double => (Number.isSafeInteger(value) ? new Double(value) : value);

export const isMap = (value: unknown): value is Map<unknown, unknown> | Record<string, unknown> => typeNameOf(value) === "map";

/** Documents carry plain numbers, expressions bigints. */
export function canonical(value: unknown): unknown {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  return value === undefined ? null : value;
}

export function numberOf(value: unknown): number | bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value instanceof Uint || value instanceof Double) return value.value;
  return undefined;
}

/** `found` tells an entry with the value null from no entry. */
export function entryOf(map: unknown, key: unknown): { found: boolean; value?: unknown } {
  if (map instanceof Struct) return { found: map.fields.has(key as string), value: map.fields.get(key as string) };
  if (map instanceof Map) {
    const same = keyOf(key);
    for (const [k, value] of map) if (keyOf(k) === same) return { found: true, value };
    return { found: false };
  }
  if (typeof key !== "string" || !Object.hasOwn(map as object, key)) return { found: false };
  const value = (map as Record<string, unknown>)[key];
  return value === undefined ? { found: false } : { found: true, value: canonical(value) };
}

function keyOf(key: unknown): string {
  const number = numberOf(key);
  return number === undefined ? `${typeof key}:${String(key)}` : `number:${number}`;
}

export function keysOf(map: unknown): unknown[] {
  if (map instanceof Map) return [...map.keys()];
  return Object.entries(map as object).flatMap(([key, value]) => (value === undefined ? [] : [key]));
}

/** A list whose items are told apart by a key, or by themselves: their order does not count. */
export class AssociativeList extends Array<unknown> {
  same: (a: unknown, b: unknown) => boolean = equal;

  static override get [Symbol.species]() {
    return Array;
  }

  static ofItems(items: readonly unknown[], same: (a: unknown, b: unknown) => boolean = equal): AssociativeList {
    const list = new AssociativeList();
    for (const item of items) list.push(item);
    list.same = same;
    return list;
  }

  joined(other: readonly unknown[]): AssociativeList {
    const list = AssociativeList.ofItems(this, this.same);
    for (const item of other) {
      const at = list.findIndex((known) => this.same(known, item));
      if (at < 0) list.push(item);
      else list[at] = item;
    }
    return list;
  }
}

export const sizeOfMap = (map: unknown) => keysOf(map).length;

export function equal(a: unknown, b: unknown): boolean {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined || y !== undefined) return x !== undefined && y !== undefined && ((x == y) as boolean);
  if (a === b || (a == null && b == null)) return true;
  const kind = typeNameOf(a);
  if (kind !== typeNameOf(b)) return false;
  if (a instanceof AssociativeList || b instanceof AssociativeList)
    return (
      (a as unknown[]).length === (b as unknown[]).length &&
      (a as unknown[]).every((i) => (b as unknown[]).some((o) => equal(i, o)))
    );
  if (Array.isArray(a)) return a.length === (b as unknown[]).length && a.every((item, i) => equal(item, (b as unknown[])[i]));
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array) === 0;
  if (a instanceof Duration || a instanceof Timestamp) return a.nanos === (b as Duration).nanos;
  if (a instanceof TypeValue) return a.name === (b as TypeValue).name;
  if (a instanceof Optional)
    return a.present === (b as Optional).present && (!a.present || equal(a.value, (b as Optional).value));
  if (a instanceof Opaque) return a.equals?.(b as Opaque) ?? false;
  if (a instanceof Struct) return equal(a.fields, (b as Struct).fields);
  if (kind !== "map") return false;
  const keys = keysOf(a);
  return keys.length === sizeOfMap(b) && keys.every((key) => sameEntry(entryOf(a, key).value, entryOf(b, key)));
}

const sameEntry = (value: unknown, other: { found: boolean; value?: unknown }) => other.found && equal(value, other.value);
