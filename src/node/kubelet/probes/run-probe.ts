/**
 * One try of one probe.
 *
 * @source pkg/kubelet/prober/prober.go, pkg/probe/* v1.36
 */
import net from "node:net";
import grpc from "@grpc/grpc-js";
import type { Container, GRPCAction, Probe } from "../../../shared/api/generated/core-v1.ts";
import { CriError, isCriTimeout, type Cri } from "../../cri/index.ts";
import { realClock } from "../../../shared/lib/platform.ts";
import { dialError, httpRequest, httpTarget, resolvePort } from "./http.ts";

export type ProbeOutcome =
  | { result: "success" }
  | { result: "warning"; message: string }
  | { result: "failure"; message: string }
  /** The probe itself could not be run: says nothing about the container. */
  | { result: "unknown"; message: string };

export interface ProbeTarget {
  container: Container;
  containerId: string;
  podIP: string;
}

const success: ProbeOutcome = { result: "success" };
const failure = (message: string): ProbeOutcome => ({ result: "failure", message });

export async function runProbe(cri: Cri, probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec) return await execProbe(cri, probe.exec.command ?? [], timeoutMs, target.containerId);
    if (probe.httpGet) return await httpProbe(probe, target, timeoutMs);
    if (probe.tcpSocket) {
      const port = resolvePort(probe.tcpSocket.port, target.container);
      return await tcpProbe(probe.tcpSocket.host || target.podIP, port, timeoutMs);
    }
    if (probe.grpc) return await grpcProbe(probe.grpc, target.podIP, timeoutMs);
    return { result: "unknown", message: `missing probe handler for container ${target.container.name}` };
  } catch (error) {
    return { result: "unknown", message: (error as Error).message };
  }
}

async function execProbe(cri: Cri, command: string[], timeoutMs: number, id: string): Promise<ProbeOutcome> {
  try {
    const { stdout, stderr, exit_code } = await cri.execSync(id, command, timeoutMs);
    return exit_code === 0
      ? success
      : failure(
          Buffer.concat([stdout, stderr])
            .subarray(0, 10 * 1024)
            .toString(),
        );
  } catch (error) {
    if (isCriTimeout(error) || (error instanceof CriError && /timeout .* exceeded/.test(error.message))) {
      return failure(`command timed out: ${JSON.stringify(command.join(" "))} timed out after ${timeoutMs / 1000}s`);
    }
    throw error;
  }
}

async function httpProbe(probe: Probe, { container, podIP }: ProbeTarget, timeoutMs: number): Promise<ProbeOutcome> {
  const target = httpTarget(probe.httpGet!, container, podIP, "probe");
  try {
    const { status, body, redirectedAway } = await httpRequest(target, timeoutMs);
    if (redirectedAway) return { result: "warning", message: `Probe terminated redirects, Response body: ${body}` };
    return status >= 200 && status < 400 ? success : failure(`HTTP probe failed with statuscode: ${status}`);
  } catch (error) {
    return failure((error as Error).message);
  }
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const socket = net.connect({ host, port, timeout: timeoutMs });
    const end = (outcome: ProbeOutcome) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.on("connect", () => end(success));
    socket.on("timeout", () => end(failure(`dial tcp ${address}: i/o timeout`)));
    socket.on("error", (error) => end(failure(dialError(error, address))));
  });
}

const SERVING = 1;
const STATUS_NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** grpc.health.v1.Health/Check: one string in, one enum out. */
function grpcProbe({ port, service = "" }: GRPCAction, podIP: string, timeoutMs: number): Promise<ProbeOutcome> {
  const address = podIP.includes(":") ? `[${podIP}]:${port}` : `${podIP}:${port}`;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { "grpc.primary_user_agent": "kube-probe/1.36" });
  const name = Buffer.from(service);
  const encode = () => (name.length > 0 ? Buffer.concat([Buffer.from([0x0a, name.length]), name]) : Buffer.alloc(0));
  const decode = (bytes: Buffer) => bytes[bytes.indexOf(0x08) + 1] ?? 0;
  return new Promise((resolve) => {
    const deadline = realClock.now() + timeoutMs;
    client.makeUnaryRequest("/grpc.health.v1.Health/Check", encode, decode, {}, { deadline }, (error, status) => {
      client.close();
      if (!error)
        return resolve(status === SERVING ? success : failure(`service unhealthy (responded with "${STATUS_NAMES[status!]}")`));
      if (error.code === grpc.status.UNIMPLEMENTED) {
        return resolve(
          failure(`error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}`),
        );
      }
      const within = `${timeoutMs / 1000}s`;
      const late = error.code === grpc.status.DEADLINE_EXCEEDED || error.code === grpc.status.UNAVAILABLE;
      resolve(
        failure(
          late
            ? `timeout: failed to connect service ${JSON.stringify(address)} within ${within}: ${error.details}`
            : `error: health rpc failed: ${error.details}`,
        ),
      );
    });
  });
}
