/**
 * What load balancers ask: is this node's proxy in order (port 10256), and does a Service with externalTrafficPolicy Local
 * have endpoints here (its healthCheckNodePort)?
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { Logger } from "../../shared/lib/logger.ts";
import { formatTime, type Clock } from "../../shared/lib/platform.ts";

/** A sync that was asked for and not done for so long makes the proxy unhealthy. */
const SYNC_TIMEOUT_MS = 60_000;

export interface ServiceHealth {
  namespace: string;
  name: string;
  port: number;
  localEndpoints: number;
}

export class ProxyHealth {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #servers = new Map<number, { server: Server; health: ServiceHealth }>();
  #own: Server | undefined;
  #lastUpdated: number;
  #queuedSince: number | undefined;
  /** Cleared while the node is about to go. */
  nodeEligible = true;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.#lastUpdated = clock.now();
  }

  queued(): void {
    this.#queuedSince ??= this.#clock.now();
  }

  updated(): void {
    this.#queuedSince = undefined;
    this.#lastUpdated = this.#clock.now();
  }

  /** Serves /healthz and /livez. */
  async listen(host: string, port: number): Promise<void> {
    this.#own = await this.#listen(port, host, (request, response) => {
      const path = request.url?.split("?")[0];
      const ok = this.#healthy() && (path === "/livez" || this.nodeEligible);
      if (path !== "/healthz" && path !== "/livez") return void response.writeHead(404).end("404 page not found\n");
      const [lastUpdated, currentTime] = [this.#healthy() ? this.#clock.now() : this.#lastUpdated, this.#clock.now()].map(
        formatTime,
      );
      response.writeHead(ok ? 200 : 503, { "content-type": "application/json", "x-content-type-options": "nosniff" });
      response.end(JSON.stringify({ lastUpdated, currentTime, nodeEligible: this.nodeEligible }));
    });
  }

  /** Opens, changes and closes the ports of Services. A port that is taken is logged and tried again next time. */
  async setServices(services: readonly ServiceHealth[]): Promise<void> {
    const wanted = new Map(services.map((service) => [service.port, service]));
    for (const [port, { server }] of this.#servers) {
      if (wanted.has(port)) continue;
      close(server);
      this.#servers.delete(port);
    }
    for (const [port, health] of wanted) {
      const there = this.#servers.get(port);
      if (there) there.health = health;
      else
        await this.#listen(port, undefined, (_, response) => this.#answer(port, response)).then(
          (server) => this.#servers.set(port, { server, health }),
          (err) =>
            this.#log.error(
              { err, port, service: `${health.namespace}/${health.name}` },
              "the health check port cannot be opened",
            ),
        );
    }
  }

  close(): void {
    if (this.#own) close(this.#own);
    for (const { server } of this.#servers.values()) close(server);
    this.#servers.clear();
  }

  #answer(port: number, response: Parameters<RequestListener>[1]): void {
    const { namespace, name, localEndpoints } = this.#servers.get(port)!.health;
    const serviceProxyHealthy = this.#healthy();
    response.writeHead(localEndpoints && serviceProxyHealthy ? 200 : 503, {
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      "x-load-balancing-endpoint-weight": localEndpoints,
    });
    response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy }, null, "\t"));
  }

  #healthy(): boolean {
    return this.#queuedSince === undefined || this.#clock.now() - this.#queuedSince < SYNC_TIMEOUT_MS;
  }

  #listen(port: number, host: string | undefined, listener: RequestListener): Promise<Server> {
    const server = createServer(listener);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => resolve(server));
    });
  }
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}
