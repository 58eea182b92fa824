/** How maps look: colours of the page's theme, base layers, markers and counts drawn on canvas (no glyph server needed). */
import type { FeatureCollection, Position } from "geojson";
import type { ExpressionSpecification, LayerSpecification, Map as MapLibre, StyleSpecification } from "maplibre-gl";

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
export function baseStyle(basemap: Basemap | null, contours: string | null, credit = ""): StyleSpecification {
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
    sources.contours = { type: "geojson", data: new URL(contours, location.href).href, attribution: credit };
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

function name(text: string, ratio: number): ImageData {
  const font = `600 12.5px "Atkinson Hyperlegible Next", system-ui, sans-serif`;
  const measure = canvas(1, 1, 1);
  measure.font = font;
  const width = Math.ceil(measure.measureText(text).width) + 10;
  const context = canvas(width, 22, ratio);
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = color("surface");
  context.strokeText(text, width / 2, 11);
  context.fillStyle = color("text-muted");
  context.fillText(text, width / 2, 11);
  return context.getImageData(0, 0, width * ratio, 22 * ratio);
}

/** Where to write the name of each area: the middle of its largest ring. */
export function namePoints(areas: FeatureCollection): FeatureCollection {
  const features = areas.features.flatMap((area) => {
    const { geometry, properties } = area;
    const text = properties?.name ?? properties?.nom;
    if (!text || (geometry?.type !== "Polygon" && geometry?.type !== "MultiPolygon")) return [];
    const rings = geometry.type === "Polygon" ? [geometry.coordinates[0]!] : geometry.coordinates.map((polygon) => polygon[0]!);
    const [size, x, y] = rings.map(middle).sort((one, other) => other[0] - one[0])[0]!;
    return [{ type: "Feature" as const, geometry: { type: "Point" as const, coordinates: [x, y] }, properties: { name: String(text), size } }];
  });
  return { type: "FeatureCollection", features };
}

/** Area (in square degrees) and centroid of a ring. */
function middle(ring: Position[]): [number, number, number] {
  let [area, x, y] = [0, 0, 0];
  for (let index = 1; index < ring.length; index += 1) {
    const [x1, y1, x2, y2] = [ring[index - 1]![0]!, ring[index - 1]![1]!, ring[index]![0]!, ring[index]![1]!];
    const cross = x1 * y2 - x2 * y1;
    area += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  }
  return area ? [Math.abs(area) / 2, x / (3 * area), y / (3 * area)] : [0, ring[0]![0]!, ring[0]![1]!];
}

/** Names written under everything else; where two collide the larger area keeps its name. */
export const NAMES: LayerSpecification = {
  id: "names",
  type: "symbol",
  source: "names",
  minzoom: 8,
  layout: { "icon-image": ["concat", "name-", ["get", "name"]], "icon-padding": 6, "symbol-sort-key": ["-", 0, ["get", "size"]] },
};

/** Draws the images that the layers ask for by name: `count-42`, `dot-danger`, `active-info`, `name-Villeneuve`. */
export function drawImages(map: MapLibre): void {
  const ratio = Math.min(3, Math.ceil(devicePixelRatio || 1));
  map.setMissingStyleImageResolver((id) => {
    if (map.hasImage(id)) return;
    const [kind, value = ""] = id.split(/-(.*)/s);
    if (kind === "count") map.addImage(id, cluster(Number(value) || 1, ratio), { pixelRatio: ratio });
    else if (kind === "name") map.addImage(id, name(value, ratio), { pixelRatio: ratio });
    else if (kind === "dot" || kind === "active") map.addImage(id, dot(value, kind === "active", ratio), { pixelRatio: ratio });
  });
}

/** Zoom from which places are told one by one again, where a map shows where they gather. */
export const HEAT_UNTIL = 15;

/** Where the places of the source `items` gather: colours of the theme from light to strong, counts weighing what they count. */
export function heatLayers(layer?: string): LayerSpecification[] {
  const names = [...new Set((layer ?? "").split(" ").filter(Boolean))];
  const size = ["coalesce", ["get", "point_count"], ["get", "count"], 1];
  const [low, middle, high] = [color("calanque"), color("sun"), color("danger")];
  return (names.length ? names : [undefined]).map((name) => ({
    id: `heat-${name ?? "items"}`,
    type: "heatmap",
    source: "items",
    ...(name ? { "source-layer": name } : {}),
    maxzoom: HEAT_UNTIL,
    paint: {
      "heatmap-weight": ["min", 1, ["/", ["log10", ["+", 1, size]], 2]],
      "heatmap-radius": ["interpolate", ["linear"], ["zoom"], 5, 20, 8, 38, 11, 60, 15, 44],
      "heatmap-intensity": ["interpolate", ["linear"], ["zoom"], 5, 0.8, 15, 1.6],
      "heatmap-opacity": ["interpolate", ["linear"], ["zoom"], HEAT_UNTIL - 1.5, 0.85, HEAT_UNTIL, 0],
      "heatmap-color": ["interpolate", ["linear"], ["heatmap-density"], 0, `${low}00`, 0.12, `${low}99`, 0.3, low, 0.6, middle, 1, high],
    },
  })) as unknown as LayerSpecification[];
}

/**
 * Layers over the source `items`: counts and single places. `layer` names the layer of a vector tile source, or two: of places, of counts.
 * `tones` gives the tone of each `status` where tiles carry no `tone`.
 */
export function itemLayers(layer?: string, tones: Record<string, string> = {}): LayerSpecification[] {
  const [places, counts = places] = (layer ?? "").split(" ").filter(Boolean);
  const common = { source: "items", ...(places ? { "source-layer": places } : {}), type: "symbol" as const };
  const counted = counts ? { "source-layer": counts } : {};
  const size = ["coalesce", ["get", "point_count"], ["get", "count"], 1];
  const pairs = Object.entries(tones).flat();
  const tone: ExpressionSpecification = ["coalesce", ["get", "tone"], pairs.length ? (["match", ["get", "status"], ...pairs, "info"] as unknown as ExpressionSpecification) : "info"];
  return [
    {
      ...common,
      id: "places",
      filter: ["<=", size, 1],
      layout: { "icon-image": ["concat", "dot-", tone], "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
    {
      ...common,
      ...counted,
      id: "counts",
      filter: [">", size, 1],
      layout: { "icon-image": ["concat", "count-", ["to-string", size]], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": size },
    },
    {
      ...common,
      id: "active",
      filter: ["==", ["to-string", ["get", "id"]], " "],
      layout: { "icon-image": ["concat", "active-", tone], "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
  ] as LayerSpecification[];
}
