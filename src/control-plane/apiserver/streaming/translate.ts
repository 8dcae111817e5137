/**
 * A WebSocket of a client on one side, SPDY streams to the kubelet on the other.
 *
 * On the WebSocket the first byte of a message is its channel: 0 stdin, 1 stdout, 2 stderr, 3 error (the exit status, as a Status),
 * 4 resize, and in v5 255: the channel in the next byte is closed, which is how stdin ends.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go, staging/src/k8s.io/kubelet/pkg/cri/streaming v1.36
 */
import type { WebSocket } from "ws";
import type { SpdyClient, SpdyStream } from "./spdy-client.ts";

const [STDIN, STDOUT, STDERR, ERROR, RESIZE] = [0, 1, 2, 3, 4];
const CLOSE = 255;
/** What may wait to be sent to a slow client. */
const MAX_BUFFERED = 1 << 20;

export interface Streams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** Runs until either side ends; nothing of either is left open. */
export function translate(ws: WebSocket, spdy: SpdyClient, streams: Streams): void {
  // The order in which the kubelet's side expects them does not matter; all of them have to come.
  const error = spdy.open({ streamtype: "error" });
  const stdin = streams.stdin ? spdy.open({ streamtype: "stdin" }) : undefined;
  const outputs: [number, SpdyStream][] = [[ERROR!, error]];
  if (streams.stdout) outputs.push([STDOUT!, spdy.open({ streamtype: "stdout" })]);
  if (streams.stderr && !streams.tty) outputs.push([STDERR!, spdy.open({ streamtype: "stderr" })]);
  const resize = streams.tty ? spdy.open({ streamtype: "resize" }) : undefined;
  error.end(); // nothing is ever sent on it
  toClient(ws, spdy, outputs);
  fromClient(ws, spdy, stdin, resize);
  spdy.onClose = () => ws.close(1000);
  ws.on("close", () => spdy.socket.destroy());
  ws.on("error", () => spdy.socket.destroy());
}

function toClient(ws: WebSocket, spdy: SpdyClient, outputs: readonly [number, SpdyStream][]): void {
  let open = outputs.length;
  for (const [channel, stream] of outputs) {
    stream.onData = (data) => {
      ws.send(Buffer.concat([Buffer.from([channel]), data]), { binary: true }, () => {
        if (ws.bufferedAmount < MAX_BUFFERED) spdy.socket.resume();
      });
      if (ws.bufferedAmount > MAX_BUFFERED) spdy.socket.pause();
    };
    // All said, the exit status included: the client may go.
    stream.onEnd = () => {
      if (--open > 0) return;
      ws.close(1000);
      spdy.close();
    };
  }
}

function fromClient(ws: WebSocket, spdy: SpdyClient, stdin: SpdyStream | undefined, resize: SpdyStream | undefined): void {
  spdy.socket.on("drain", () => ws.resume());
  ws.on("message", (message: Buffer) => {
    const channel = message[0];
    const data = message.subarray(1);
    if (channel === CLOSE) {
      if (data[0] === STDIN) stdin?.end();
      return;
    }
    const stream = channel === STDIN ? stdin : channel === RESIZE ? resize : undefined;
    if (stream && data.length > 0 && !stream.write(data)) ws.pause();
  });
}
