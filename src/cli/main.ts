/** `knarr`: the commands, each loaded only when it is called, so that `kubectl` and `status` stay quick. */
import { Command, Option } from "commander";
import { env } from "../shared/lib/platform.ts";
import { Failure, report } from "../cluster/failure.ts";
import { versionText } from "./version.ts";

const program = new Command("knarr")
  .description("A complete Kubernetes: one command gives a real cluster.")
  .version(versionText(), "--version", "the same as the command `version`")
  .enablePositionalOptions()
  .showHelpAfterError("(knarr --help lists the commands)");

const named = (command: Command) => command.option("--name <name>", "the cluster's name", env("KNARR_CLUSTER") ?? "knarr");

named(program.command("up"))
  .description("start the cluster, making it first where there is none")
  .option("--nodes <n>", "how many nodes", (text) => wholeNumber("--nodes", text, 1, 64))
  .option("--simulate", "nodes without containers: no root needed")
  .option("--port <port>", "port of the API server (default: the first free one from 6443 on)", (text) =>
    wholeNumber("--port", text, 1, 65_535),
  )
  .option("--config <file>", "settings as YAML; options given here win")
  .option("--no-kubeconfig", "leave the user's kubeconfig alone")
  .action(async (options) => (await import("./up.ts")).up(options));

named(program.command("down"))
  .description("stop the cluster and take away all it set up on this machine; its state stays for the next `up`")
  .option("--purge", "forget its state as well")
  .action(async (options) => (await import("./down.ts")).down(options));

named(program.command("status"))
  .description("what runs")
  .addOption(new Option("-o, --output <format>", "output format").choices(["text", "json"]).default("text"))
  .action(async (options) => (await import("./status.ts")).status(options));

named(program.command("kubectl"))
  .description("kubectl, speaking to the cluster")
  .argument("[args...]", "what kubectl is called with")
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args, options) => (await import("./kubectl.ts")).kubectl(options, args));

named(program.command("kubeconfig"))
  .description("print the administrator's kubeconfig")
  .action(async (options) => (await import("./status.ts")).printKubeconfig(options));

named(program.command("logs"))
  .description("print the log of the server or of a node's agent")
  .argument("[part]", "`server`, or a node's name", "server")
  .option("-f, --follow", "go on as it grows")
  .action(async (part, options) => (await import("./logs.ts")).logs(part, options));

const image = program.command("image").description("images on the cluster's nodes");
named(image.command("load"))
  .description("import a docker or OCI archive on every node")
  .argument("<archive>", "a tar file")
  .action(async (archive, options) => (await import("./image.ts")).load(archive, options));
named(image.command("build"))
  .description("make an image of a folder, without Docker, and import it on every node")
  .argument("<folder>", "becomes the root of the image's file system")
  .requiredOption("-t, --tag <tag>", "name and tag")
  .option("--entrypoint <json>", "JSON list of words")
  .option("--cmd <json>", "JSON list of words")
  .option("--env <NAME=value...>", "environment")
  .option("--busybox", "add a static busybox with all its commands")
  .action(async (folder, options) => (await import("./image.ts")).build(folder, options));
named(image.command("ls"))
  .description("the images on each node")
  .action(async (options) => (await import("./image.ts")).list(options));

program
  .command("envtest")
  .description("make the programs that controller-runtime's envtest starts, and print their folder, for KUBEBUILDER_ASSETS")
  .action(async () => (await import("./envtest-assets.ts")).envtest());

program
  .command("version")
  .description("versions of Knarr and of the Kubernetes API it serves")
  .action(() => console.log(versionText()));

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < least || n > most)
    throw new Failure(`${option} ${text}: must be a whole number from ${least} to ${most}`);
  return n;
}

export async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    report(error);
    process.exitCode = 1;
  }
}
