/** Maps: a list's places, one place, or the choice of a place. Loaded when one comes into view. */
import * as maplibre from "maplibre-gl";
import type { GeoJSONSource, LngLatLike, Map as MapLibre, MapOptions } from "maplibre-gl";
import type { FeatureCollection, Point } from "geojson";
import { all, element, once, one, reducedMotion } from "./lib/dom";
import { type Basemap, HEAT_UNTIL, NAMES, baseStyle, dark, drawImages, heatLayers, itemLayers, namePoints } from "./lib/map-style";
import { enhancePoint } from "./lib/map-point";
import { notify } from "./lib/toasts";
import { language, say } from "./lib/words";

maplibre.setWorkerUrl(new URL(MAP_WORKER, import.meta.url).href);

let styled: Promise<void> | null = null;

/** The library's stylesheet, asked for once. */
function styles(): Promise<void> {
  styled ??= new Promise((done, failed) => {
    const link = element("link", { rel: "stylesheet", href: new URL(MAP_CSS, import.meta.url).href });
    link.addEventListener("load", () => done());
    link.addEventListener("error", failed);
    document.head.append(link);
  });
  return styled;
}

const basemapOf = (holder: HTMLElement): Basemap | null => (holder.dataset.basemap ? (JSON.parse(holder.dataset.basemap) as Basemap) : null);

/** A map in `[data-map-canvas]` of a holder, with the controls every map has; it follows the theme. */
export async function open(holder: HTMLElement, options: Partial<MapOptions> = {}): Promise<MapLibre> {
  await styles();
  const container = one(holder, "[data-map-canvas]")!;
  const { center, zoom, contours } = holder.dataset;
  const style = (): ReturnType<typeof baseStyle> => baseStyle(basemapOf(holder), contours ?? null, holder.dataset.credit ?? "");
  const map = new maplibre.Map({
    container,
    style: style(),
    center: (center ? center.split(",").map(Number) : [2.5, 46.6]) as [number, number],
    zoom: zoom ? Number(zoom) : center ? 12 : 4.5,
    maxZoom: 20,
    attributionControl: { compact: true },
    locale: say.map as Record<string, string>,
    fadeDuration: reducedMotion() ? 0 : 200,
    pitchWithRotate: false,
    dragRotate: false,
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  drawImages(map);
  const ready = new Promise<unknown>((done) => map.once("load", done));
  if (contours && !basemapOf(holder)) addNames(map, holder, contours, ready).catch(() => undefined); // names are a help, not the map
  const shown = { dark: dark() };
  const restyle = (): void => {
    if (shown.dark === dark()) return;
    shown.dark = dark();
    map.setStyle(style(), { diff: false });
    map.once("style.load", () => holder.dispatchEvent(new CustomEvent("map:restyled")));
  };
  document.addEventListener("themechange", restyle);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
  if (contours && !center) {
    map.once("load", async () => {
      const bounds = await (map.getSource("contours") as GeoJSONSource | undefined)?.getBounds();
      if (bounds && !bounds.isEmpty()) map.fitBounds(bounds, { padding: 24, animate: false });
    });
  }
  return map;
}

/** Names of the areas, where no base layer writes them. */
async function addNames(map: MapLibre, holder: HTMLElement, contours: string, ready: Promise<unknown>): Promise<void> {
  const [response] = await Promise.all([fetch(contours), document.fonts.ready, ready]);
  if (!response.ok) return;
  const data = namePoints((await response.json()) as FeatureCollection);
  const add = (): void => {
    if (map.getSource("names")) return;
    map.addSource("names", { type: "geojson", data });
    map.addLayer(NAMES, map.getLayer("places") ? "places" : undefined);
  };
  add();
  holder.addEventListener("map:restyled", add);
}

type Properties = Record<string, unknown> & { id?: string | number; title?: string; href?: string; status?: string; text?: string };

/** The words of a place, as in the list. Only same-site links are followed. */
function describe(properties: Properties): HTMLElement {
  const box = element("div");
  const title = String(properties.title ?? properties.id ?? "");
  if (properties.href && String(properties.href).startsWith("/")) box.append(element("p", {}, element("a", { href: String(properties.href) }, title)));
  else box.append(element("p", {}, element("strong", {}, title)));
  for (const key of ["status", "text"] as const) if (properties[key]) box.append(element("p", {}, String(properties[key])));
  return box;
}

class ListMap {
  private popup: maplibre.Popup | null = null;
  private readonly template: string;
  private asking: AbortController | null = null;

  constructor(
    private readonly holder: HTMLElement,
    private readonly map: MapLibre,
  ) {
    this.template = holder.dataset.source ?? "";
    map.on("load", () => this.start());
    holder.addEventListener("map:restyled", () => this.addItems());
    for (const layer of ["places", "counts", "active"]) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
    map.on("click", (event) => this.click(event));
    document.addEventListener("feature:focus", (event) => this.focus((event as CustomEvent).detail.id, false));
    const list = one(holder, "[data-map-list]");
    for (const type of ["focusin", "pointerover"])
      list?.addEventListener(type, (event) => {
        const row = (event.target as Element).closest<HTMLElement>("[data-feature]");
        if (row) this.focus(row.dataset.feature!, false);
      });
  }

  private start(): void {
    one(this.holder, "[data-map-waiting]")?.remove();
    this.addItems();
    if (/\{bbox\}/.test(this.template)) this.map.on("moveend", () => void this.load(false));
  }

  private get tiled(): boolean {
    return /\{z\}/.test(this.template);
  }

  private addItems(): void {
    // The theme may change before the map has loaded: both call here.
    if (!this.template || this.map.getSource("items")) return;
    if (this.tiled) {
      const tiles = new URL(this.template, location.href).href.replace(/%7B/g, "{").replace(/%7D/g, "}");
      this.map.addSource("items", { type: "vector", tiles: [tiles], maxzoom: 16 });
    } else {
      this.map.addSource("items", {
        type: "geojson",
        data: { type: "FeatureCollection", features: [] },
        cluster: this.holder.hasAttribute("data-cluster"),
        clusterRadius: 46,
        clusterMaxZoom: 16,
      });
      void this.load(!this.holder.dataset.center);
    }
    const tones = this.holder.dataset.tones ? (JSON.parse(this.holder.dataset.tones) as Record<string, string>) : {};
    const named = this.tiled ? this.holder.dataset.layer ?? "items" : undefined;
    const heat = this.holder.hasAttribute("data-heat");
    if (heat) for (const layer of heatLayers(named)) this.map.addLayer(layer);
    for (const layer of itemLayers(named, tones)) this.map.addLayer(heat ? { ...layer, minzoom: HEAT_UNTIL - 1 } : layer);
  }

  private async load(fit: boolean): Promise<void> {
    this.asking?.abort();
    this.asking = new AbortController();
    const bounds = this.map.getBounds();
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((value) => value.toFixed(5)).join(",");
    const url = this.template.replace("{bbox}", box).replace("{zoom}", String(Math.floor(this.map.getZoom())));
    try {
      const response = await fetch(url, { signal: this.asking.signal, headers: { Accept: "application/geo+json, application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      const data = (await response.json()) as FeatureCollection;
      (this.map.getSource("items") as GeoJSONSource | undefined)?.setData(data);
      if (fit) this.fit(data);
    } catch (error) {
      if ((error as Error).name !== "AbortError") notify(say.mapFailed, "danger");
    }
  }

  private fit(data: FeatureCollection): void {
    const bounds = new maplibre.LngLatBounds();
    for (const { geometry } of data.features) if (geometry?.type === "Point") bounds.extend(geometry.coordinates as [number, number]);
    if (!bounds.isEmpty()) this.map.fitBounds(bounds, { padding: 56, maxZoom: 15, animate: false });
  }

  private async click(event: maplibre.MapMouseEvent): Promise<void> {
    const { x, y } = event.point;
    const [feature] = this.map.queryRenderedFeatures([[x - 8, y - 8], [x + 8, y + 8]], { layers: ["active", "places", "counts"].filter((id) => this.map.getLayer(id)) });
    if (!feature) return;
    const at = (feature.geometry as Point).coordinates as [number, number];
    const properties = feature.properties as Properties;
    if (properties.cluster) {
      const zoom = await (this.map.getSource("items") as GeoJSONSource).getClusterExpansionZoom(Number(properties.cluster_id));
      this.map.easeTo({ center: at, zoom: zoom + 0.2, animate: !reducedMotion() });
    } else if (Number(properties.count ?? 1) > 1) this.map.easeTo({ center: at, zoom: this.map.getZoom() + 2, animate: !reducedMotion() });
    else {
      this.show(at, await this.details(properties));
      this.focus(String(properties.id), true);
    }
  }

  /** The words of a place: its own, or asked for one by one where tiles carry none. */
  private async details(properties: Properties): Promise<Properties> {
    const address = this.holder.dataset.detail;
    if (!address || properties.title) return properties;
    try {
      const response = await fetch(address.replace("{id}", encodeURIComponent(String(properties.id))), { headers: { Accept: "application/json" } });
      return response.ok ? { ...properties, ...((await response.json()) as Properties) } : properties;
    } catch {
      return properties;
    }
  }

  private show(at: LngLatLike, properties: Properties): void {
    this.popup?.remove();
    this.popup = new maplibre.Popup({ offset: 12, maxWidth: "18rem", focusAfterOpen: false }).setLngLat(at).setDOMContent(describe(properties)).addTo(this.map);
  }

  /** Marks a place on the map and its row in the list. */
  private focus(id: string, reveal: boolean): void {
    if (this.map.getLayer("active")) this.map.setFilter("active", ["==", ["to-string", ["get", "id"]], id]);
    const scope = one(this.holder, "[data-map-list]")?.childElementCount ? this.holder : document;
    for (const row of all(scope, "[data-feature]")) {
      const active = row.dataset.feature === id;
      row.classList.toggle("is-active", active);
      if (active && reveal) row.scrollIntoView({ block: "nearest", behavior: reducedMotion() ? "auto" : "smooth" });
    }
  }
}

async function listMap(holder: HTMLElement): Promise<void> {
  const touch = matchMedia("(pointer: coarse)").matches;
  const map = await open(holder, { cooperativeGestures: touch && !holder.classList.contains("map-large") });
  if (holder.hasAttribute("data-locate")) map.addControl(new maplibre.GeolocateControl({ fitBoundsOptions: { maxZoom: 15 } }), "top-right");
  map.getCanvas().setAttribute("aria-label", say.map["Map.Title"] ?? "Map");
  new ListMap(holder, map);
}

async function pointMap(holder: HTMLElement): Promise<void> {
  holder.dataset.center = `${holder.dataset.lon},${holder.dataset.lat}`;
  const map = await open(holder, { cooperativeGestures: true });
  new maplibre.Marker({ element: pin(), anchor: "bottom" }).setLngLat([Number(holder.dataset.lon), Number(holder.dataset.lat)]).addTo(map);
}

const PIN = "M20 48C13 38 4 29 4 18a16 16 0 1 1 32 0c0 11-9 20-16 30z";

/** The drop-shaped marker; decorative unless made a button by the caller. */
export function pin(tag: "div" | "button" = "div"): HTMLElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 40 50");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, attributes] of [["path", { class: "pin-shape", d: PIN }], ["circle", { class: "pin-eye", cx: "20", cy: "18", r: "6" }]] as const) {
    const shape = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    svg.append(shape);
  }
  const box = element(tag, tag === "button" ? { type: "button", class: "pin", "aria-label": say.pin } : { class: "pin", "aria-hidden": "true" });
  box.append(svg);
  return box;
}

export function enhance(root: ParentNode): void {
  const fail = (holder: HTMLElement) => (): void => {
    holder.classList.add("is-failed");
    notify(say.mapFailed, "danger");
  };
  once(root, "[data-map]", (holder) => void listMap(holder).catch(fail(holder)));
  once(root, "[data-point-map]", (holder) => void pointMap(holder).catch(fail(holder)));
  once(root, "[data-map-point]", (holder) => void enhancePoint(holder, { open, pin, maplibre, language }).catch(fail(holder)));
}
