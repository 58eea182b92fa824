/** How maps look: colours of the page's theme, base layers, markers and counts drawn on canvas (no glyph server needed). */
import type { LayerSpecification, Map as MapLibre, StyleSpecification } from "maplibre-gl";

export type Basemap = { tiles: string | string[]; attribution?: string; max_zoom?: number; min_zoom?: number; tile_size?: number };

export const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888888";

export const dark = (): boolean => getComputedStyle(document.documentElement).colorScheme.includes("dark");

const SOLIDS: Record<string, string> = {
  neutral: "line-strong",
  info: "primary",
  progress: "calanque",
  calanque: "calanque",
  success: "success",
  warning: "warning",
  sun: "sun",
  danger: "danger",
};

/** The style under the data: raster tiles when the deployment has some, the communes' contours otherwise. */
export function baseStyle(basemap: Basemap | null, contours: string | null): StyleSpecification {
  const layers: LayerSpecification[] = [{ id: "ground", type: "background", paint: { "background-color": basemap ? color("sunken") : color("sea-1") } }];
  const sources: StyleSpecification["sources"] = {};
  if (basemap) {
    sources.base = {
      type: "raster",
      tiles: [basemap.tiles].flat().map((tiles) => new URL(tiles, location.href).href.replace(/%7B/g, "{").replace(/%7D/g, "}")),
      tileSize: basemap.tile_size ?? 256,
      minzoom: basemap.min_zoom ?? 0,
      maxzoom: basemap.max_zoom ?? 19,
      attribution: basemap.attribution ?? "",
    };
    const paint = dark() ? { "raster-brightness-max": 0.62, "raster-saturation": -0.35, "raster-contrast": 0.12 } : { "raster-saturation": -0.15 };
    layers.push({ id: "base", type: "raster", source: "base", paint });
  }
  if (contours) {
    sources.contours = { type: "geojson", data: new URL(contours, location.href).href };
    if (!basemap) layers.push({ id: "land", type: "fill", source: "contours", paint: { "fill-color": color("surface") } });
    layers.push({
      id: "borders",
      type: "line",
      source: "contours",
      paint: { "line-color": color("line-strong"), "line-opacity": basemap ? 0.55 : 0.5, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.5, 13, 1.6] },
    });
  }
  return { version: 8, sources, layers };
}

function canvas(width: number, height: number, ratio: number): CanvasRenderingContext2D {
  const drawing = document.createElement("canvas");
  drawing.width = width * ratio;
  drawing.height = height * ratio;
  const context = drawing.getContext("2d")!;
  context.scale(ratio, ratio);
  return context;
}

const short = (count: number): string => (count < 1000 ? String(count) : count < 10_000 ? `${(count / 1000).toFixed(1).replace(".", ",").replace(",0", "")} k` : `${Math.round(count / 1000)} k`);

function cluster(count: number, ratio: number): ImageData {
  const radius = count < 10 ? 16 : count < 100 ? 19 : count < 1000 ? 23 : 27;
  const side = radius * 2 + 10;
  const context = canvas(side, side, ratio);
  const middle = side / 2;
  context.fillStyle = color("primary");
  context.globalAlpha = 0.22;
  context.beginPath();
  context.arc(middle, middle, radius + 4, 0, 7);
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(middle, middle, radius, 0, 7);
  context.fill();
  context.fillStyle = color("on-primary");
  context.font = `650 ${count < 1000 ? 13 : 12}px "Atkinson Hyperlegible Next", system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(short(count), middle, middle + 0.5);
  return context.getImageData(0, 0, side * ratio, side * ratio);
}

function dot(tone: string, active: boolean, ratio: number): ImageData {
  const radius = active ? 11 : 8;
  const side = 32;
  const context = canvas(side, side, ratio);
  if (active) {
    context.fillStyle = color("sun");
    context.beginPath();
    context.arc(side / 2, side / 2, 15, 0, 7);
    context.fill();
  }
  context.beginPath();
  context.arc(side / 2, side / 2, radius, 0, 7);
  context.fillStyle = color(SOLIDS[tone] ?? "primary");
  context.strokeStyle = color("surface");
  context.lineWidth = 2.5;
  context.fill();
  context.stroke();
  return context.getImageData(0, 0, side * ratio, side * ratio);
}

/** Draws the images that the layers ask for by name: `count-42`, `dot-danger`, `active-info`. */
export function drawImages(map: MapLibre): void {
  const ratio = Math.min(3, Math.ceil(devicePixelRatio || 1));
  map.setMissingStyleImageResolver((id) => {
    if (map.hasImage(id)) return;
    const [kind, value = ""] = id.split(/-(.*)/s);
    if (kind === "count") map.addImage(id, cluster(Number(value) || 1, ratio), { pixelRatio: ratio });
    else if (kind === "dot" || kind === "active") map.addImage(id, dot(value, kind === "active", ratio), { pixelRatio: ratio });
  });
}

/** Layers over the source `items`: counts and single places. `layer` names the layer of a vector tile source. */
export function itemLayers(layer?: string): LayerSpecification[] {
  const common = { source: "items", ...(layer ? { "source-layer": layer } : {}), type: "symbol" as const };
  const size = ["coalesce", ["get", "point_count"], ["get", "count"], 1];
  return [
    {
      ...common,
      id: "places",
      filter: ["<=", size, 1],
      layout: { "icon-image": ["concat", "dot-", ["coalesce", ["get", "tone"], "info"]], "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
    {
      ...common,
      id: "counts",
      filter: [">", size, 1],
      layout: { "icon-image": ["concat", "count-", ["to-string", size]], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": size },
    },
    {
      ...common,
      id: "active",
      filter: ["==", ["to-string", ["get", "id"]], " "],
      layout: { "icon-image": ["concat", "active-", ["coalesce", ["get", "tone"], "info"]], "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
  ] as LayerSpecification[];
}
