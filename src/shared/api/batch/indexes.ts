/**
 * Lists of indexes of an Indexed Job, as its status and its success policy write them: `0,3-5,7`.
 *
 * @source pkg/apis/batch/validation/validation.go validateIndexesFormat v1.36
 */
export type Interval = readonly [from: number, to: number];

const NUMBER = /^[+-]?\d+$/;

/** What is wrong with the text, or the number of indexes in it. */
export function countIndexes(text: string, completions: number): number | { fault: string } {
  if (!text) return 0;
  let [count, last] = [0, -1];
  for (const part of text.split(",")) {
    const interval = parseInterval(part, completions);
    if ("fault" in interval) return interval;
    const [from, to] = interval;
    if (count && last >= from) return outOfOrder(last, from);
    count += to - from + 1;
    last = to;
  }
  return count;
}

const outOfOrder = (previous: number, current: number) => ({
  fault: `non-increasing order, previous: ${previous}, current: ${current}`,
});

function parseInterval(text: string, completions: number): Interval | { fault: string } {
  const ends = text.split("-");
  const shown = JSON.stringify(text);
  if (ends.length > 2)
    return {
      fault: `the fragment ${shown} violates the requirement that an index interval can have at most two parts separated by '-'`,
    };
  for (const end of ends) {
    if (!NUMBER.test(end)) return { fault: `cannot convert string to integer for index: ${JSON.stringify(end)}` };
    if (Number(end) >= completions) return { fault: `too large index: ${JSON.stringify(end)}` };
  }
  const [from, to = from] = ends.map(Number) as [number, number?];
  return ends.length === 2 && from >= to ? outOfOrder(from, to) : [from, to];
}

/** The first index that is in both lists; what can not be read is skipped. */
export function commonIndex(a: string, b: string, completions: number): number | undefined {
  const read = (text: string): Interval[] =>
    text.split(",").flatMap((part) => {
      const interval = parseInterval(part, completions);
      return "fault" in interval ? [] : [interval];
    });
  const others = read(b);
  for (const [from, to] of read(a))
    for (const [start, end] of others) if (from <= end && start <= to) return Math.max(from, start);
  return undefined;
}
