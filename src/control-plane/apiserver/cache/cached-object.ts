/**
 * One revision of one object: its bytes, and what is derived from them when first asked for.
 *
 * GET, LIST and WATCH write `bytes`. The parsed object is made lazily and frozen, since in-process readers share it; labels and
 * selectable fields are kept apart, so that a selector does not keep the whole object alive.
 */
import { decodeText } from "../../../shared/apimachinery/decode.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { StructSchema } from "../../../shared/apimachinery/schema.ts";
import { deepFreeze } from "../../../shared/client/index.ts";
import { headOf, serialize, withoutRevision, withRevision, type Head } from "./layout.ts";

/** What a cached object knows of its resource. */
export interface ObjectShape {
  readonly schema: StructSchema;
  /** Of the version that is written to the store. */
  readonly head: Head;
  /** Values of the fields that a field selector may name, besides name and namespace. */
  fields(object: KubeObject): Readonly<Record<string, string>>;
  /** What the present definition makes of an object that was written under another one (custom resources). */
  read?(object: KubeObject): KubeObject;
}

export interface ObjectPlace {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
}

type Strings = Readonly<Record<string, string>>;
const none: Strings = Object.freeze({});

export class CachedObject implements ObjectPlace {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  /** JSON with the resourceVersion inside, in the version it was stored in. */
  readonly bytes: Buffer;
  readonly shape: ObjectShape;
  readonly head: Head;
  #object: KubeObject | undefined;
  #labels: Strings | undefined;
  #fields: Strings | undefined;
  #forms: Map<string, unknown> | undefined;

  constructor(place: ObjectPlace, bytes: Buffer, shape: ObjectShape, head: Head, revision: number) {
    this.key = place.key;
    this.namespace = place.namespace;
    this.name = place.name;
    this.bytes = bytes;
    this.shape = shape;
    this.head = head;
    this.revision = revision;
  }

  /** From the bytes of the store; `fresh`: written under this very shape. */
  static fromStore(place: ObjectPlace, value: Uint8Array, shape: ObjectShape, revision: number, fresh = false): CachedObject {
    const stored = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if ((fresh || !shape.read) && startsWith(stored, shape.head.bytes))
      return new CachedObject(place, withRevision(stored, shape.head, revision), shape, shape.head, revision);
    const parsed = JSON.parse(stored.toString()) as KubeObject;
    const object = shape.read?.(parsed) ?? parsed;
    const head = headOf(object.kind, object.apiVersion);
    return new CachedObject(place, withRevision(serialize(shape.schema, object), head, revision), shape, head, revision);
  }

  get object(): KubeObject {
    return (this.#object ??= deepFreeze(this.#parse()));
  }

  get labels(): Strings {
    if (!this.#labels) this.#select(this.#object ?? this.#parse());
    return this.#labels!;
  }

  get fields(): Strings {
    if (!this.#fields) this.#select(this.#object ?? this.#parse());
    return this.#fields!;
  }

  /** JSON without the opening brace, kind and apiVersion: what follows `{` in a list. */
  get item(): Buffer {
    return this.bytes.subarray(this.head.itemOffset);
  }

  /**
   * Takes what the writer of these bytes knows, so that nothing has to be parsed. With `keep` the object itself becomes the cached
   * one; it must not be changed any more.
   */
  adopt(object: KubeObject, keep: boolean): this {
    this.#select(object);
    if (keep) {
      object.metadata.resourceVersion = String(this.revision);
      this.#object = deepFreeze(object);
    }
    return this;
  }

  /** The same object at another revision: what a DELETED event carries. */
  at(revision: number): CachedObject {
    const bytes = withRevision(withoutRevision(this.bytes, this.head, this.revision), this.head, revision);
    const copy = new CachedObject(this, bytes, this.shape, this.head, revision);
    copy.#labels = this.#labels;
    copy.#fields = this.#fields;
    return copy;
  }

  /** The same revision under a new definition of its resource. */
  reshaped(shape: ObjectShape): CachedObject {
    return CachedObject.fromStore(this, withoutRevision(this.bytes, this.head, this.revision), shape, this.revision);
  }

  /** Something derived from this revision (another version, an encoding), made once. */
  derived<T>(form: string, make: (object: CachedObject) => T): T {
    const forms = (this.#forms ??= new Map());
    let value = forms.get(form) as T | undefined;
    if (value === undefined) forms.set(form, (value = make(this)));
    return value;
  }

  /** Another value for what `derived` keeps: the outcome of a promise. */
  replaceDerived(form: string, value: unknown): void {
    this.#forms?.set(form, value);
  }

  #parse(): KubeObject {
    // What was stored in another version was read by that version's schema already.
    if (this.shape.read && this.head !== this.shape.head) return JSON.parse(this.bytes.toString()) as KubeObject;
    return decodeText<KubeObject>(this.shape.schema, this.bytes.toString()).object;
  }

  #select(object: KubeObject): void {
    this.#labels = object.metadata.labels ?? none;
    this.#fields = this.shape.fields(object);
  }
}

function startsWith(buffer: Buffer, prefix: Buffer): boolean {
  return buffer.length > prefix.length && buffer.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}
