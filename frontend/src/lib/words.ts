/** The few sentences that scripts say; pages carry all the others. */

const words = {
  fr: {
    addresses: (n: number) => (n === 0 ? "Aucune adresse trouvée" : n === 1 ? "1 adresse proposée" : `${n} adresses proposées`),
    copied: "Lien copié",
    draftFound: "Vos réponses ont été retrouvées sur cet appareil.",
    draftForget: "Les effacer",
    failed: "La page n’a pas pu répondre. Vérifiez votre connexion et réessayez.",
    sessionError: "Une erreur est survenue. Réessayez dans un instant.",
    left: (n: number) => (n === 1 ? "1 caractère restant" : `${n} caractères restants`),
    located: "Position trouvée",
    locating: "Recherche de votre position…",
    locateDenied: "Position non disponible : touchez la carte ou décrivez l’endroit.",
    outside: "Cet endroit est en dehors de la carte.",
    pin: "Repère : utilisez les flèches pour le déplacer",
    placed: (lat: string, lon: string) => `Lieu indiqué : ${lat}, ${lon}`,
    remove: (name: string) => `Retirer ${name}`,
    fileAdded: (name: string) => `${name} ajouté`,
    fileRemoved: (name: string) => `${name} retiré`,
    tooLarge: (limit: string) => `Fichier trop lourd : ${limit} au plus. Il ne sera pas envoyé.`,
    tooMany: (n: number) => (n === 1 ? "Un seul fichier possible : le dernier remplace l’autre." : `${n} fichiers au plus : les suivants ne sont pas gardés.`),
    sending: "Envoi en cours",
    sent: "Envoi terminé, un instant…",
    mapFailed: "La carte n’a pas pu s’afficher : utilisez la liste.",
    cluster: (n: string) => `${n} lieux`,
    passkeyFailed: "La clé d’accès n’a pas fonctionné. Réessayez ou choisissez un autre moyen.",
    passkeyCancelled: "Opération annulée.",
    showPassword: "Afficher le mot de passe",
    hidePassword: "Masquer le mot de passe",
    shortcuts: "Activer les raccourcis d’une seule touche",
    units: ["octets", "ko", "Mo", "Go"],
    map: {
      "NavigationControl.ZoomIn": "Zoomer",
      "NavigationControl.ZoomOut": "Dézoomer",
      "NavigationControl.ResetBearing": "Remettre le nord en haut",
      "GeolocateControl.FindMyLocation": "Me situer",
      "GeolocateControl.LocationNotAvailable": "Position non disponible",
      "AttributionControl.ToggleAttribution": "Sources de la carte",
      "Map.Title": "Carte",
      "Marker.Title": "Repère",
      "Popup.Close": "Fermer",
      "CooperativeGesturesHandler.WindowsHelpText": "Ctrl + molette pour zoomer",
      "CooperativeGesturesHandler.MacHelpText": "⌘ + défilement pour zoomer",
      "CooperativeGesturesHandler.MobileHelpText": "Utilisez deux doigts pour déplacer la carte",
    },
  },
  en: {
    addresses: (n: number) => (n === 0 ? "No address found" : n === 1 ? "1 address suggested" : `${n} addresses suggested`),
    copied: "Link copied",
    draftFound: "Your answers were found on this device.",
    draftForget: "Erase them",
    failed: "The page could not answer. Check your connection and try again.",
    sessionError: "Something went wrong. Try again in a moment.",
    left: (n: number) => (n === 1 ? "1 character left" : `${n} characters left`),
    located: "Position found",
    locating: "Looking for your position…",
    locateDenied: "Position not available: tap the map or describe the place.",
    outside: "This place is outside the map.",
    pin: "Pin: use the arrow keys to move it",
    placed: (lat: string, lon: string) => `Place: ${lat}, ${lon}`,
    remove: (name: string) => `Remove ${name}`,
    fileAdded: (name: string) => `${name} added`,
    fileRemoved: (name: string) => `${name} removed`,
    tooLarge: (limit: string) => `File too large: ${limit} at most. It will not be sent.`,
    tooMany: (n: number) => (n === 1 ? "Only one file: the last replaces the other." : `${n} files at most: the others are not kept.`),
    sending: "Sending",
    sent: "Sent, one moment…",
    mapFailed: "The map could not be shown: use the list.",
    cluster: (n: string) => `${n} places`,
    passkeyFailed: "The passkey did not work. Try again or choose another way.",
    passkeyCancelled: "Cancelled.",
    showPassword: "Show the password",
    hidePassword: "Hide the password",
    shortcuts: "Turn on single-key shortcuts",
    units: ["bytes", "kB", "MB", "GB"],
    map: {},
  },
};

export const language: "fr" | "en" = document.documentElement.lang.startsWith("en") ? "en" : "fr";
export const say = words[language] as (typeof words)["fr"];

/** A size in bytes as people read it, in decimal units. */
export function fileSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < 3) {
    size /= 1000;
    unit += 1;
  }
  const digits = size < 10 && unit > 0 ? 1 : 0;
  return `${size.toLocaleString(language, { maximumFractionDigits: digits })} ${say.units[unit]}`;
}
