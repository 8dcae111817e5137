/**
 * What is written beside an object, in the same transaction: addresses and ports that must be unique in the cluster. Nothing leaks
 * when the server dies between two writes, since there are no two writes.
 */
import type { ApiError } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { Write } from "../../store/types.ts";
import type { Core } from "../core.ts";

export interface Companions {
  writes: readonly Write[];
  /** A condition of this one failed. An error: the client asked for just that; undefined: choose again. */
  refused(index: number): ApiError | undefined;
}

export const noCompanions: Companions = { writes: [], refused: () => undefined };

export interface CompanionRule {
  /** Completes an object that is about to be written, and says what goes with it. Throws 422. */
  plan(core: Core, object: KubeObject, old: KubeObject | undefined): Companions;
  /** What goes when the object goes. */
  release(core: Core, object: KubeObject): readonly Write[];
}
