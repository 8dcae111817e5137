/** Read, change, write, and again from the start when somebody else wrote in between. */
import { isConflict } from "../apimachinery/errors.ts";

/** Repeats `attempt` on 409 Conflict, at most five times; `attempt` must read afresh. */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error) || tries === 5) throw error;
    }
  }
}
