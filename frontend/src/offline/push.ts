/** "Tell me on this device": asks the browser for a push subscription and gives it to the server. */
import { csrfToken, once, one } from "../lib/dom";
import { notify } from "../lib/toasts";
import { told } from "./words";

const bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "="));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};
const text = (buffer: ArrayBuffer | null): string => btoa(String.fromCharCode(...new Uint8Array(buffer ?? new ArrayBuffer(0)))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const possible = (): boolean => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && isSecureContext;

async function existing(): Promise<PushSubscription | null> {
  if (!possible()) return null;
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

async function subscription(key: string): Promise<PushSubscription> {
  const registration = await navigator.serviceWorker.ready;
  const before = await registration.pushManager.getSubscription();
  if (before) {
    if (text(before.options.applicationServerKey) === key) return before;
    await before.unsubscribe(); // made for a key that is no longer ours
  }
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
}

async function tell(url: string, values: Record<string, string>): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(values),
    headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
  });
  if (!response.ok) throw new Error(String(response.status));
}

/** Which topics this device hears of: remembered here, the server need not say. */
const KEY = "push:";
const remembered = (topic: string): boolean => localStorage.getItem(KEY + topic) !== null;

function wire(holder: HTMLElement): void {
  const button = one<HTMLButtonElement>(holder, "button")!;
  const { key, subscribe, unsubscribe, topic, token } = holder.dataset;
  if (!possible() || !key) return;
  holder.hidden = false;
  const draw = (on: boolean): void => {
    button.setAttribute("aria-pressed", String(on));
    one(button, "[data-push-label]")!.textContent = (on ? holder.dataset.on : holder.dataset.off) ?? "";
  };
  void existing().then((found) => draw(found !== null && remembered(topic!)));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (button.getAttribute("aria-pressed") === "true") {
        const found = await existing();
        if (found) await tell(unsubscribe!, { endpoint: found.endpoint, topic: topic! });
        localStorage.removeItem(KEY + topic);
        draw(false);
        notify(told.pushOff, "info");
        return;
      }
      if ((await Notification.requestPermission()) !== "granted") return notify(told.pushDenied, "danger");
      const found = await subscription(key);
      await tell(subscribe!, {
        topic: topic!,
        token: token ?? "",
        endpoint: found.endpoint,
        p256dh: text(found.getKey("p256dh")),
        auth: text(found.getKey("auth")),
      });
      localStorage.setItem(KEY + topic, "1");
      draw(true);
      notify(told.pushOn, "success");
    } catch {
      notify(told.pushFailed, "danger");
    } finally {
      button.disabled = false;
    }
  });
}

/** The person leaves this device: it says nothing about them any more. */
export async function silence(): Promise<void> {
  const mine = Object.keys(localStorage).filter((name) => name.startsWith(`${KEY}user:`));
  if (!mine.length) return;
  const found = await existing();
  mine.forEach((name) => localStorage.removeItem(name));
  if (found) await tell("/notifications/appareil/retrait", { endpoint: found.endpoint, topic: "user" });
}

export function enhance(root: ParentNode): void {
  once(root, "[data-push]", wire);
}
