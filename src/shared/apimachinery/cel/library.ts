/** Functions: one table gives the checker its signatures and the evaluator what to call. */
import { parseSignature, type Signature } from "./types.ts";
import { typeNameOf } from "./values.ts";

export interface Overload extends Signature {
  call(...args: never[]): unknown;
}

/** Signature → what it does; see `parseSignature` for the notation. */
export type FunctionTable = Readonly<Record<string, (...args: never[]) => unknown>>;

export class Library {
  readonly #tables: readonly FunctionTable[];
  #read: Map<string, Overload[]> | undefined;

  constructor(...tables: FunctionTable[]) {
    this.#tables = tables;
  }

  /** Signatures are read when the first expression asks. */
  get #functions(): Map<string, Overload[]> {
    if (this.#read) return this.#read;
    this.#read = new Map();
    for (const [text, call] of this.#tables.flatMap((table) => Object.entries(table))) {
      const overload = { ...parseSignature(text), call };
      const known = this.#read.get(overload.name);
      if (known) known.push(overload);
      else this.#read.set(overload.name, [overload]);
    }
    return this.#read;
  }

  overloads(name: string, method: boolean): Overload[] {
    return (this.#functions.get(name) ?? []).filter((o) => o.method === method);
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** The overload for these values. */
  find(name: string, method: boolean, values: readonly unknown[]): Overload | undefined {
    const types = values.map(typeNameOf);
    return this.#functions
      .get(name)
      ?.find(
        ({ method: isMethod, parameters }) =>
          isMethod === method && parameters.length === types.length && parameters.every((p, i) => accepts(p.name, types[i]!)),
      );
  }
}

const accepts = (parameter: string, given: string) => parameter === given || parameter === "dyn" || parameter.length === 1;
