/** An API server for tests: everything in memory, everybody may do everything, nothing is admitted or refused. */
import { createClient, type Client } from "../../shared/client/index.ts";
import { openEmbeddedStore, type Store } from "../store/index.ts";
import { createApiServer, systemUser, type ApiServer, type ApiServerOptions } from "./server.ts";

export interface InMemoryServer {
  server: ApiServer;
  client: Client;
  store: Store;
  close(): Promise<void>;
}

export async function inMemoryServer(options: Partial<ApiServerOptions> = {}): Promise<InMemoryServer> {
  const store = options.store ?? (await openEmbeddedStore());
  const server = await createApiServer({
    authenticator: { authenticate: () => undefined },
    authorizer: { authorize: () => ({ decision: "allow", reason: "" }) },
    ...options,
    store,
  });
  const client = createClient(server.transport(systemUser));
  return {
    server,
    client,
    store,
    async close() {
      await server.close();
      await store.close();
    },
  };
}
