import { definePlugin, MAX_NODE_SCORE } from "../framework.ts";

const MIN_BYTES = 23 * 1024 * 1024;
const MAX_BYTES_PER_CONTAINER = 1000 * 1024 * 1024;

/**
 * Prefers nodes that already have the pod's images, by their size, scaled by how many nodes have them so that pods do not heap up.
 *
 * @source pkg/scheduler/framework/plugins/imagelocality/image_locality.go v1.36
 */
export const imageLocality = definePlugin({
  name: "ImageLocality",
  preScore({ pod }, cycle) {
    const images = (pod.spec.containers ?? []).map((container) => normalized(container.image ?? ""));
    const spread = new Map(images.map((image) => [image, cycle.nodes.filter((node) => node.imageSizes.has(image)).length]));
    if ([...spread.values()].every((count) => count === 0)) return "skip";
    cycle.state.set("ImageLocality", { images, spread });
    return undefined;
  },
  score(_pod, node, cycle) {
    const { images, spread } = cycle.state.get("ImageLocality") as { images: string[]; spread: Map<string, number> };
    const bytes = images.reduce(
      (sum, image) => sum + ((node.imageSizes.get(image) ?? 0) * (spread.get(image) ?? 0)) / cycle.nodes.length,
      0,
    );
    const most = MAX_BYTES_PER_CONTAINER * images.length;
    return Math.trunc((MAX_NODE_SCORE * (Math.min(Math.max(bytes, MIN_BYTES), most) - MIN_BYTES)) / (most - MIN_BYTES));
  },
});

/** Node status lists images with a tag. */
function normalized(image: string): string {
  return image.lastIndexOf(":") > image.lastIndexOf("/") ? image : `${image}:latest`;
}
