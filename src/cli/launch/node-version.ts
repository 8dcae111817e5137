/** Refuses a Node.js that is too old, before anything newer than its syntax is loaded. */

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`knarr: needs Node.js 20.19 or newer, found ${process.version}`);
  process.exit(1);
}
