/**
 * One record of a container's log: `<RFC 3339 nano time> <stdout|stderr> <F|P> <text>`, where P is a part of a line that goes on.
 *
 * @source k8s.io/cri-client pkg/logs, CRI logging format
 */
export interface LogLine {
  time: string;
  stream: "stdout" | "stderr";
  partial: boolean;
  text: string;
}

/** Parses a record without its newline; undefined where it is none. */
export function parseLogLine(line: string): LogLine | undefined {
  const first = line.indexOf(" ");
  const second = line.indexOf(" ", first + 1);
  const third = line.indexOf(" ", second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = line.slice(first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const tags = line.slice(second + 1, third).split(":");
  return { time: line.slice(0, first), stream, partial: tags[0] === "P", text: line.slice(third + 1) };
}
