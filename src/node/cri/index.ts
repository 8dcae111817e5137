/** The container runtime of a node: CRI v1 client, a containerd of our own, images. */
export * from "./client.ts";
export { CriError, isCriNotFound, isCriTimeout, type CallOptions } from "./connection.ts";
export * from "./containerd.ts";
export { watchContainerEnds } from "./containerd-events.ts";
export { mountImageView, mountsImages, removeImageViews } from "./image-views.ts";
export { buildImage, hostArchitecture, type ImageDefinition, type ImageFile } from "./image-build.ts";
export * from "./images.ts";
export { mountsBelow, isAlive, listProcesses } from "./host.ts";
export { removeCgroups, removeNodeState, unmountBelow, type NodeStateOptions } from "./remove-node-state.ts";
export type * from "./types.ts";
