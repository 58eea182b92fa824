/** Choosing a place: click, drag, arrows of the keyboard, the device's position, or an address chosen above. */
import type * as MapLibreModule from "maplibre-gl";
import type { Map as MapLibre, MapOptions } from "maplibre-gl";
import { all, one, reducedMotion } from "./dom";
import { say } from "./words";

type Tools = {
  open(holder: HTMLElement, options?: Partial<MapOptions>): Promise<MapLibre>;
  pin(tag: "div" | "button"): HTMLElement;
  maplibre: typeof MapLibreModule;
  language: string;
};

const STEP_PX = 4;
const LEAP_PX = 40;

export async function enhancePoint(holder: HTMLElement, { open, pin, maplibre, language }: Tools): Promise<void> {
  const parts = Object.fromEntries(all<HTMLInputElement>(holder, "[data-part]").map((input) => [input.dataset.part, input]));
  const status = one(holder, "[data-status]")!;
  const given = parts.lon?.value && parts.lat?.value ? ([Number(parts.lon.value), Number(parts.lat.value)] as [number, number]) : null;
  if (given) {
    holder.dataset.center = given.join(",");
    holder.dataset.zoom ??= "16";
  }
  const map = await open(holder);
  const handle = pin("button");
  const marker = new maplibre.Marker({ element: handle, anchor: "bottom", draggable: true });
  const format = (value: number): string => value.toLocaleString(language, { minimumFractionDigits: 5, maximumFractionDigits: 5 });

  const put = (lon: number, lat: number, accuracy = ""): void => {
    marker.setLngLat([lon, lat]).addTo(map);
    if (parts.lon) parts.lon.value = lon.toFixed(6);
    if (parts.lat) parts.lat.value = lat.toFixed(6);
    if (parts.accuracy) parts.accuracy.value = accuracy;
    status.textContent = say.placed(format(lat), format(lon));
    holder.dispatchEvent(new CustomEvent("place:chosen", { bubbles: true, detail: { lon, lat } }));
    parts.lon?.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const goTo = (lon: number, lat: number, zoom = 17): void => {
    map.easeTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), zoom), animate: !reducedMotion() });
  };

  if (given) marker.setLngLat(given).addTo(map);
  map.on("click", (event) => {
    if (!handle.contains(event.originalEvent.target as Node)) put(event.lngLat.lng, event.lngLat.lat);
  });
  marker.on("dragend", () => {
    const { lng, lat } = marker.getLngLat();
    put(lng, lat);
  });
  handle.addEventListener("keydown", (event) => {
    const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const by = event.shiftKey ? LEAP_PX : STEP_PX;
    const at = map.project(marker.getLngLat());
    const next = map.unproject([at.x + move[0] * by, at.y + move[1] * by]);
    put(next.lng, next.lat);
    map.panTo(next, { animate: false });
  });
  // Enter on the map itself puts the pin in its middle: the keyboard's click.
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const { lng, lat } = map.getCenter();
    put(lng, lat);
    handle.focus();
  });

  const locate = one<HTMLButtonElement>(holder, "[data-locate]");
  if (locate && !("geolocation" in navigator)) locate.hidden = true;
  locate?.addEventListener("click", () => {
    status.textContent = say.locating;
    locate.classList.add("is-busy");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        locate.classList.remove("is-busy");
        put(coords.longitude, coords.latitude, String(Math.round(coords.accuracy)));
        goTo(coords.longitude, coords.latitude);
      },
      () => {
        locate.classList.remove("is-busy");
        status.textContent = say.locateDenied;
      },
      { enableHighAccuracy: true, timeout: 12_000, maximumAge: 30_000 },
    );
  });
  document.addEventListener("address:chosen", (event) => {
    const { name, lon, lat } = (event as CustomEvent<{ name: string; lon: number; lat: number }>).detail;
    if (holder.dataset.addressOf && holder.dataset.addressOf !== name) return;
    put(Number(lon), Number(lat));
    goTo(Number(lon), Number(lat));
  });
}
