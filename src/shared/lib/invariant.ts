/** Throws where the program itself is wrong: never for input, never for the state of the world. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}
